import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ScriptoriumError } from '../process/errors.ts'
import { ownFolder } from '../files/package-root.ts'

/** One language's model on this machine. */
export interface LanguageData {
  language: string
  file: string
  /** `system`: a tessdata folder (tessdata_fast where Debian installed it). `npm`: a `@tesseract.js-data` package. */
  source: 'system' | 'npm'
}

/** Model folders of distributions and Homebrew. */
const systemFolders = [
  '/usr/share/tesseract-ocr/5/tessdata',
  '/usr/share/tesseract-ocr/4.00/tessdata',
  '/usr/share/tessdata',
  '/usr/share/tesseract/tessdata',
  '/usr/local/share/tessdata',
  '/opt/homebrew/share/tessdata',
]
/**
 * Folder of `languages add` for npm packages: npm prunes packages from `node_modules` that package.json does not name.
 */
export const addedPackages = join(ownFolder, 'languages')
/** Those beside our dependencies, which npm may have put into any folder above ours, and the added ones. */
const npmFolders = [
  ...(createRequire(import.meta.url).resolve.paths('@tesseract.js-data/eng') ?? []),
  join(addedPackages, 'node_modules'),
].map((folder) => join(folder, '@tesseract.js-data'))

/** Models that detect a page's rotation or its formulas; they read no text. */
const auxiliaryModels: ReadonlySet<string> = new Set(['osd', 'equ'])
export const isAuxiliary = (name: string): boolean => auxiliaryModels.has(name)
const scriptPrefix = 'script/'

/** True where the OCR engine mode runs the legacy engine, whose classifiers most models lack. */
export const needsLegacyModel = (oem: number): boolean => oem === 0 || oem === 2

/**
 * Finds the models for `languages`. Throws `unknown_language`, which lists the installed languages and the way to add
 * more. `prefix` is TESSDATA_PREFIX: searched first, itself and its `tessdata` folder.
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
  if (!isAuxiliary(language)) {
    for (const candidate of candidates(language, oem, prefix)) {
      if (!existsSync(candidate.file)) continue
      if (!needsLegacyModel(oem) || (await hasLegacyModel(candidate.file))) return candidate
    }
  }
  const installed = listLanguages(prefix).join(', ') || 'none'
  const what = needsLegacyModel(oem) ? `a legacy model of ${language} (oem ${oem})` : language
  throw new ScriptoriumError(
    'unknown_language',
    `no data for language ${what}; installed: ${installed}; ` +
      `'npx scriptorium languages add ${language}' adds it (containers: LANGUAGES in .env, then up --build)`,
  )
}

function candidates(language: string, oem: number, prefix: string | undefined): LanguageData[] {
  const variant = needsLegacyModel(oem) ? '4.0.0' : '4.0.0_best_int'
  const inFolders = folders(prefix).flatMap((folder) =>
    fileNames(language).map((name) => ({ file: join(folder, name), source: 'system' as const })),
  )
  const inPackages = npmFolders.map((folder) => ({
    file: join(folder, language, variant, `${language}.traineddata.gz`),
    source: 'npm' as const,
  }))
  return [...inFolders, ...inPackages].map((found) => ({ language, ...found }))
}

/** Tesseract keeps script models in `script/`; Debian puts them beside the languages, which begin in lower case. */
function fileNames(language: string): string[] {
  const name = language.replace(scriptPrefix, '')
  const flat = `${name}.traineddata`
  const below = join('script', flat)
  if (language.startsWith(scriptPrefix)) return isScript(name) ? [below, flat] : [below]
  return isScript(name) ? [flat, below] : [flat]
}

const isScript = (name: string): boolean => /^[A-Z]/.test(name)

/** Returns the languages and scripts installed on this machine, sorted. */
export function listLanguages(prefix: string | undefined): string[] {
  const system = folders(prefix).flatMap((folder) => [
    ...modelsIn(folder).map((name) => (isScript(name) ? `${scriptPrefix}${name}` : name)),
    ...modelsIn(join(folder, 'script')).map((name) => `${scriptPrefix}${name}`),
  ])
  const found = new Set([...system, ...npmFolders.flatMap(entries)])
  return [...found].filter((name) => !isAuxiliary(name)).toSorted()
}

/** The same, each with its file. */
export function describeLanguages(prefix: string | undefined): LanguageData[] {
  return listLanguages(prefix).flatMap(
    (language) => candidates(language, 1, prefix).find(({ file }) => existsSync(file)) ?? [],
  )
}

const modelsIn = (folder: string): string[] =>
  entries(folder)
    .filter((name) => name.endsWith('.traineddata'))
    .map((name) => name.slice(0, -'.traineddata'.length))

const folders = (prefix: string | undefined): string[] =>
  prefix === undefined ? systemFolders : [prefix, join(prefix, 'tessdata'), ...systemFolders]

const entries = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** Returns the SHA-256 of a model file as stored, hex. */
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
