import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pLimit from 'p-limit'
import { systemCode, toError } from '../../../shared/process/errors.ts'
import type { PageSet } from '../accuracy/page-set.ts'

interface PlainOrder extends PageSet {
  /** Folder for the texts. */
  folder: string
  languages: string
  environment: NodeJS.ProcessEnv
  stopping: AbortSignal
}

export interface PlainTexts {
  /** Folder with the texts; a page that was not read has none. */
  texts: string
  /** Pages in a format that the command cannot open. */
  unopened: string[]
  /** Pages at which the command failed for another reason. */
  failed: { path: string; reason: string }[]
}

type ExecError = Error & { stderr?: string; signal?: string | null }

const run = promisify(execFile)
const maxTextBytes = 64 * 2 ** 20

/**
 * Reads pages with the installed `tesseract` and its defaults (psm 3), one thread a page. Throws where the command is
 * missing or does not start, and where it lacks a language: with one of two languages it would read all the same.
 */
export async function readPlain(order: PlainOrder): Promise<PlainTexts> {
  const { root, paths, folder, languages, environment, stopping } = order
  const env = { ...environment, OMP_THREAD_LIMIT: '1' }
  await requireLanguages(languages, env)
  const found: PlainTexts = { texts: join(folder, 'plain'), unopened: [], failed: [] }
  const read = async (path: string): Promise<void> => {
    const options = { env, maxBuffer: maxTextBytes, signal: stopping }
    const given = [join(root, path), '-', '-l', languages, '--psm', '3']
    const text = await run('tesseract', given, options).then(
      ({ stdout }) => stdout,
      (thrown: unknown) => {
        stopping.throwIfAborted()
        const reason = reasonOf(thrown)
        if (isUnopened(reason)) found.unopened.push(path)
        else found.failed.push({ path, reason })
        return undefined
      },
    )
    if (text === undefined) return
    const file = join(found.texts, `${path}.txt`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const limit = pLimit(availableParallelism())
  await Promise.all(paths.map((path) => limit(() => read(path))))
  return found
}

async function requireLanguages(languages: string, env: NodeJS.ProcessEnv): Promise<void> {
  const listed = await run('tesseract', ['--list-langs'], { env }).catch((thrown: unknown) => {
    const isMissing = systemCode(thrown) === 'ENOENT'
    const message = isMissing
      ? 'needs the tesseract command (apt-get install --no-install-recommends tesseract-ocr)'
      : `needs a tesseract command that starts: ${reasonOf(thrown)}`
    throw new Error(`--against plain ${message}`, { cause: thrown })
  })
  const [title = '', ...installed] = listed.stdout.trim().split('\n')
  const missing = languages.split('+').filter((name) => !installed.includes(name))
  if (missing.length === 0) return
  const folder = /"([^"]+)"/.exec(title)?.[1] ?? 'its folder of language data'
  const packages = missing.map((name) => `tesseract-ocr-${name.replaceAll('_', '-')}`).join(' ')
  throw new Error(
    `--against plain: tesseract lacks ${missing.join(', ')} in ${folder} (apt-get install ${packages}, or TESSDATA_PREFIX)`,
  )
}

/** The messages of a command that failed, or of the system. */
function reasonOf(thrown: unknown): string {
  const { message, stderr, signal }: ExecError = toError(thrown)
  const said = stderr?.trim() ?? ''
  if (signal != null) return `${signal} ${said}`.trim()
  return said === '' ? message : said
}

/** Words of Leptonica, which opens the files. */
const isUnopened = (reason: string): boolean =>
  /Error in (?:pixRead|findFileFormat|fopenRead)|cannot be read/.test(reason)

/** Lines about the pages that were not read. */
export const formatUnread = ({ unopened, failed }: PlainTexts): string[] => [
  ...(unopened.length === 0 ? [] : [`pages that plain tesseract cannot open: ${unopened.length}`]),
  ...failed.map(({ path, reason }) => `plain tesseract failed: ${path}: ${reason.split('\n')[0]}`),
]
