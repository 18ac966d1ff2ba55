import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ScriptoriumError, systemCode, toError } from '../process/errors.ts'

const run = promisify(execFile)
const minMajor = 5
const cure =
  'apt: sudo apt-get install tesseract-ocr; dnf: sudo dnf install tesseract; brew: brew install tesseract; ' +
  'or leave SCRIPTORIUM_ENGINE out: the engine tesseract.js needs nothing'

/**
 * Returns the version of the `tesseract` on the PATH, `5.3.0`. Throws `configuration` with the cure where there is
 * none, or one that is too old: version 4 has neither the thresholding methods nor lists of pages on its standard
 * input.
 */
export async function nativeVersion(): Promise<string> {
  const { stdout } = await run('tesseract', ['--version'], { timeout: 30_000 }).catch((thrown) => {
    if (systemCode(thrown) === 'ENOENT') throw unusable('none is installed')
    throw unusable(toError(thrown).message.trim(), thrown)
  })
  const [, version = '', major = ''] = /^tesseract v?((\d+)\.\S+)/.exec(stdout) ?? []
  if (Number(major) >= minMajor) return version
  throw unusable(`found ${version === '' ? 'another program' : version}`)
}

const unusable = (why: string, cause?: unknown): ScriptoriumError =>
  new ScriptoriumError(
    'configuration',
    `SCRIPTORIUM_ENGINE=native needs tesseract ${minMajor} or newer from the PATH: ${why}; install it (${cure})`,
    { cause },
  )
