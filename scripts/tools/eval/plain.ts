import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pLimit from 'p-limit'
import type { PageSet } from '../accuracy/page-set.ts'

interface PlainOrder extends PageSet {
  /** Folder for the texts. */
  folder: string
  languages: string
  environment: NodeJS.ProcessEnv
  stopping: AbortSignal
}

const run = promisify(execFile)
const maxTextBytes = 64 * 2 ** 20

/**
 * Reads pages with the installed `tesseract` and its defaults (psm 3), one thread a page. Returns the folder with the
 * texts; a page that it cannot read gets none. Throws where the command is missing.
 */
export async function readPlain(order: PlainOrder): Promise<string> {
  const { root, paths, folder, languages, environment, stopping } = order
  const env = { ...environment, OMP_THREAD_LIMIT: '1' }
  await run('tesseract', ['--version'], { env }).catch((thrown: unknown) => {
    const cure = 'apt-get install --no-install-recommends tesseract-ocr'
    throw new Error(`--against plain needs the tesseract command (${cure})`, { cause: thrown })
  })
  const texts = join(folder, 'plain')
  const read = async (path: string): Promise<void> => {
    const options = { env, maxBuffer: maxTextBytes, signal: stopping }
    const given = [join(root, path), '-', '-l', languages, '--psm', '3']
    const text = await run('tesseract', given, options).then(
      ({ stdout }) => stdout,
      () => undefined, // A format that it cannot open.
    )
    stopping.throwIfAborted()
    if (text === undefined) return
    const file = join(texts, `${path}.txt`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const limit = pLimit(availableParallelism())
  await Promise.all(paths.map((path) => limit(() => read(path))))
  return texts
}
