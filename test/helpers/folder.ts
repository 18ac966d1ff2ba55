import { mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Below } from '../../shared/files/open-below.ts'

/** Runs work at its end: a test's context, or `{ after }` of a whole file. */
export interface Ending {
  after: (work: () => unknown) => void
}

/** An empty folder, without links in its path, that goes with the test. */
export function makeFolder(ending: Ending): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scriptorium-test-')))
  ending.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a file with a modification time an hour ago, which counts as complete. */
export function writeOld(file: string, content = file): void {
  writeFileSync(file, content)
  const before = new Date(Date.now() - 3_600_000)
  utimesSync(file, before, before)
}

/** A file as the input of a run over its folder. */
export const placeOf = (file: string): Below => ({
  root: dirname(file),
  path: basename(file),
  follow: false,
})
