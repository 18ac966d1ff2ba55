import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyPage, listSamples } from '../../scripts/tools/bench/pages/page-set.ts'
import { repository } from '../helpers/processes/processes.ts'

const samples = join(repository, 'samples')
const truth = join(repository, 'test/fixtures/truth')

export const sampleFiles = (): string[] => listSamples(samples).map((path) => join(samples, path))

/** The true text of a sample page, by its path below samples/. */
export const truthOf = (path: string): string => readFileSync(join(truth, `${path}.txt`), 'utf8')

/**
 * Writes each sample page `copies` times into folders `1`, `2`, …: the same picture, but different files. Returns the
 * text of each page, by path.
 */
export function writeSheets(folder: string, copies: number): Map<string, string> {
  const sheets = new Map<string, string>()
  for (let copy = 1; copy <= copies; copy += 1) {
    for (const path of listSamples(samples)) {
      copyPage(join(samples, path), join(folder, String(copy), path), copy)
      sheets.set(`${copy}/${path}`, truthOf(path))
    }
  }
  return sheets
}
