import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whatever lets something be done at its end: a test's context, or `{ after }` of a whole file. */
export interface Ending {
  after: (work: () => unknown) => void
}

/** An empty folder, without links in its path, that goes with the test. */
export function makeFolder(ending: Ending): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scriptorium-test-')))
  ending.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
