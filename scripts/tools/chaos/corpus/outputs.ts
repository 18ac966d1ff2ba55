import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stateFolder } from '../../../../services/outputs/files/output-files.ts'
import type { Folder } from './folder.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'

const endings = ['txt', 'json']

/** Compares the files of an output folder with those of an undisturbed run. */
export function checkFolderOutputs({ name, out, expected }: Folder): ChaosFinding[] {
  const written = new Set(list(out))
  const findings: ChaosFinding[] = []
  for (const [path, { texts, mayFail }] of expected) {
    const file = `${path}.txt`
    if (written.has(file)) {
      const text = readFileSync(join(out, file), 'utf8')
      if (!texts.includes(text)) findings.push(differs(`${name}/${file}`, text, texts[0] ?? ''))
    }
    for (const ending of endings) {
      const isThere = written.delete(`${path}.${ending}`)
      if (!isThere && !mayFail)
        findings.push(finding('lost', `${name}/${path}.${ending} is missing`))
    }
  }
  for (const file of written) {
    findings.push(finding('orphans', `${name}/${file} was not requested`))
  }
  return findings
}

/** Temporary files that an ended run left. */
export function checkTemporaries({ name, out }: Folder): ChaosFinding[] {
  const folder = join(stateFolder(out), 'tmp')
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((file) => finding('orphans', `${name}: temporary file ${file}`))
}

export function differs(about: string, is: string, should: string): ChaosFinding {
  const [was, wanted] = [is, should].map((text) => JSON.stringify(text.slice(0, 60)))
  return finding('differing', `${about} says ${was}, not ${wanted}`)
}

/** All files of an output folder except those of our own state. */
function list(out: string): string[] {
  if (!existsSync(out)) return []
  const state = stateFolder(out)
  return readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(state))
    .map((entry) => relative(out, join(entry.parentPath, entry.name)))
}
