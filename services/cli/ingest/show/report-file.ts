import { hash } from 'node:crypto'
import {
  accessSync,
  constants,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import { requireWritable } from '../../../../shared/files/folder-access.ts'

/** Writes a run's report: whole, or not at all. Throws `output_unwritable`. */
export type WriteReport = (report: object) => void

/**
 * Checks that a report can be written to `--report` before hours of reading depend on it; creates its folder. Throws
 * `output_unwritable`.
 */
export function prepareReport(path: string): WriteReport {
  const file = orUnwritable(path, 'choose another file', () => findTarget(path))
  if (file !== undefined) requireWritable('--report', dirname(file), 'output_unwritable')
  const cure = "the run is recorded: 'npx scriptorium status OUT --json' prints its report"
  return (report) =>
    orUnwritable(path, cure, () => {
      const text = `${JSON.stringify(report, null, 2)}\n`
      if (file === undefined) writeFileSync(path, text)
      else replace(file, text)
    })
}

/** The file to replace; undefined for a pipe, /dev/stdout or /dev/null, which take text and must stay as they are. */
function findTarget(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return resolve(path)
  if (found.isDirectory()) throw new Error('it is a folder')
  accessSync(path, constants.W_OK)
  return found.isFile() ? realpathSync(path) : undefined
}

function replace(file: string, text: string): void {
  // One name for each report, so that the next run replaces the draft of a killed process. Short for any file name.
  const draft = join(dirname(file), `.${hash('sha256', basename(file)).slice(0, 16)}.draft`)
  try {
    writeFileSync(draft, text, { flush: true })
    renameSync(draft, file)
  } finally {
    rmSync(draft, { force: true })
  }
}

function orUnwritable<T>(path: string, cure: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    const message = `--report: ${path} cannot be written: ${toError(thrown).message}; ${cure}`
    throw new ScriptoriumError('output_unwritable', message, { cause: thrown })
  }
}
