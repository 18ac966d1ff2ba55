import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ScriptoriumError } from './errors.ts'

/** One language's model on this machine. */
export interface LanguageData {
  language: string
  file: string
  /** `system` is a tessdata folder (tessdata_fast where Debian installed it), `npm` a `@tesseract.js-data` package. */
  source: 'system' | 'npm'
}

/** Where distributions and Homebrew put their models. */
const systemFolders = [
  '/usr/share/tesseract-ocr/5/tessdata',
  '/usr/share/tesseract-ocr/4.00/tessdata',
  '/usr/share/tessdata',
  '/usr/share/tesseract/tessdata',
  '/usr/local/share/tessdata',
  '/opt/homebrew/share/tessdata',
]
const npmFolder = join(import.meta.dirname, '..', 'node_modules', '@tesseract.js-data')

/** True where the OCR engine mode runs the legacy engine, whose classifiers most models lack. */
export const needsLegacyModel = (oem: number): boolean => oem === 0 || oem === 2

/**
 * Finds the models for `languages`. Throws `unknown_language`, listing what is installed and how to add more.
 * `prefix` is TESSDATA_PREFIX: searched first, itself and its `tessdata` folder.
 */
export async function findLanguages(
  languages: readonly string[],
  oem: number,
  prefix: string | undefined,
): Promise<LanguageData[]> {
  return Promise.all(languages.map((language) => findLanguage(language, oem, prefix)))
}

async function findLanguage(
  language: string,
  oem: number,
  prefix: string | undefined,
): Promise<LanguageData> {
  const variant = needsLegacyModel(oem) ? '4.0.0' : '4.0.0_best_int'
  const candidates: LanguageData[] = [
    ...folders(prefix).map((folder) => ({
      language,
      file: join(folder, `${language}.traineddata`),
      source: 'system' as const,
    })),
    {
      language,
      file: join(npmFolder, language, variant, `${language}.traineddata.gz`),
      source: 'npm',
    },
  ]
  for (const candidate of candidates) {
    if (!existsSync(candidate.file)) continue
    if (!needsLegacyModel(oem) || (await hasLegacyModel(candidate.file))) return candidate
  }
  const installed = listLanguages(prefix).join(', ') || 'none'
  const what = needsLegacyModel(oem) ? `a legacy model of ${language} (oem ${oem})` : language
  throw new ScriptoriumError(
    'unknown_language',
    `no data for language ${what}; installed: ${installed}; ` +
      `add it with 'apt-get install tesseract-ocr-${language.replaceAll('_', '-')}' or 'npm install @tesseract.js-data/${language}' (containers: LANGUAGES in .env, then up --build)`,
  )
}

/** The languages that can be read on this machine, sorted; `osd` (orientation and script) is not one. */
export function listLanguages(prefix: string | undefined): string[] {
  const system = folders(prefix).flatMap((folder) =>
    entries(folder)
      .filter((name) => name.endsWith('.traineddata'))
      .map((name) => name.slice(0, -'.traineddata'.length)),
  )
  const found = new Set([...system, ...entries(npmFolder)])
  found.delete('osd')
  return [...found].toSorted()
}

const folders = (prefix: string | undefined): string[] =>
  prefix === undefined ? systemFolders : [prefix, join(prefix, 'tessdata'), ...systemFolders]

const entries = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** SHA-256 of a model file as it lies there, hex. */
export async function hashFile(file: string): Promise<string> {
  const sha256 = createHash('sha256')
  await pipeline(createReadStream(file), sha256)
  return sha256.digest('hex')
}

/**
 * Tells whether a traineddata file holds the legacy engine's shape tables.
 * The file starts with the number of components (int32) and their offsets (int64, -1 where absent);
 * component 3 is `inttemp` (tesseract, src/ccutil/tessdatamanager.h).
 */
async function hasLegacyModel(file: string): Promise<boolean> {
  const header = await readStart(file, 4 + 4 * 8)
  return header.length >= 36 && header.readInt32LE(0) > 3 && header.readBigInt64LE(4 + 3 * 8) >= 0n
}

async function readStart(file: string, length: number): Promise<Buffer> {
  const raw = createReadStream(file)
  const stream = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  const chunks: Buffer[] = []
  let read = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      read += chunk.length
      if (read >= length) break
    }
  } finally {
    raw.destroy()
  }
  return Buffer.concat(chunks).subarray(0, length)
}
