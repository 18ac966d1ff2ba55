import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { findLanguages, type LanguageData } from '../../../../../shared/engine/tessdata.ts'
import type { Bench } from '../../run/setting.ts'

/** The models of all systems. */
export interface Models {
  folder: string
  /** Language, size and the first digits of the SHA-256 of each. */
  description: string
}

const lstm = 1

/**
 * Finds the models that `ingest` would use, in a folder that every system accepts: the system's own where it holds all
 * of them, since OCRmyPDF needs other files there; otherwise a new one. Throws `unknown_language`.
 */
export async function findModels(bench: Bench, languages: readonly string[]): Promise<Models> {
  const models = await findLanguages(languages, lstm, bench.environment['TESSDATA_PREFIX'])
  const folders = new Set(models.map(({ file }) => dirname(file)))
  const [folder = ''] = folders
  const isShared = folders.size === 1 && models.every(({ source }) => source === 'system')
  return {
    folder: isShared ? folder : makeFolder(join(bench.workspace, 'tessdata'), models),
    description: models.map(describe).join(', '),
  }
}

function makeFolder(folder: string, models: readonly LanguageData[]): string {
  for (const model of models) {
    const target = join(folder, `${model.language}.traineddata`)
    mkdirSync(dirname(target), { recursive: true })
    if (model.source === 'npm') writeFileSync(target, bytesOf(model))
    else symlinkSync(model.file, target)
  }
  return folder
}

const bytesOf = ({ file, source }: LanguageData): Buffer =>
  source === 'npm' ? gunzipSync(readFileSync(file)) : readFileSync(file)

function describe(model: LanguageData): string {
  const bytes = bytesOf(model)
  const megabytes = (bytes.length / 1e6).toFixed(1)
  return `${model.language} (${megabytes} MB, sha256 ${hash('sha256', bytes).slice(0, 8)})`
}
