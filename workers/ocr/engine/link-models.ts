import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { LanguageData } from '../../../shared/engine/tessdata.ts'
import { makeTemporaryFolder } from '../../../shared/files/temporary-folder.ts'

/** Models in one folder, as engines require. */
export interface LinkedModels {
  folder: string
  /** Names of the models there: `<name>.traineddata`, in the given order. */
  names: string[]
  remove: () => void
}

/**
 * Both engines load all models from one folder, so this function makes a folder with a link to each model. Names are
 * flat: tesseract.js cannot write `script/Fraktur` into its in-memory file system, which has no such folder. `unzip`
 * serves an engine that cannot read the compressed models of the npm packages.
 */
export function linkModels(
  models: readonly LanguageData[],
  { unzip = false }: { unzip?: boolean } = {},
): LinkedModels {
  const { path: folder, remove } = makeTemporaryFolder('models')
  const names = models.map(({ language, file }) => {
    const name = language.replace('/', '-') // No language's own name has a hyphen.
    const link = join(folder, `${name}.traineddata`)
    if (unzip && file.endsWith('.gz')) writeFileSync(link, gunzipSync(readFileSync(file)))
    else symlinkSync(file, link)
    return name
  })
  return { folder, names, remove }
}
