import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { LanguageData } from '../../shared/tessdata.ts'

/** Models in one folder, as an engine takes them. */
export interface LinkedModels {
  folder: string
  /** What the models are called there: `<name>.traineddata`, in the order they were given. */
  names: string[]
  remove: () => void
}

/**
 * Both engines take all models from one folder, so one is made that links to where each of them lies. Names are flat
 * there: tesseract.js cannot write `script/Fraktur` into its memory, which has no such folder. `unzip` is for an engine that
 * does not read the compressed models of the npm packages.
 */
export function linkModels(
  models: readonly LanguageData[],
  { unzip = false }: { unzip?: boolean } = {},
): LinkedModels {
  const folder = mkdtempSync(join(tmpdir(), 'scriptorium-models-'))
  const names = models.map(({ language, file }) => {
    const name = language.replace('/', '-') // No language's own name has a hyphen.
    const link = join(folder, `${name}.traineddata`)
    if (unzip && file.endsWith('.gz')) writeFileSync(link, gunzipSync(readFileSync(file)))
    else symlinkSync(file, link)
    return name
  })
  return { folder, names, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
