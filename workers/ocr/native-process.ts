import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { ScriptoriumError, toError } from '../../shared/errors.ts'

/** A `tesseract` that has its models loaded and takes page after page. */
export interface NativeProcess {
  /** Reads one image file, and gives its hOCR and its text. Rejects with `engine_crash` where the process ends first. */
  read: (file: string) => Promise<{ hocr: string; text: string }>
  /** False once it takes no more pages. */
  isOpen: () => boolean
  /** Kills it, whatever it is doing; resolves once it is gone. */
  end: () => Promise<void>
}

/** Programs that come before `tesseract` on the command line, where this machine has them. */
export interface Wrappers {
  words: readonly string[]
  /** Whether what it writes comes at once. Without, it must end before a page's last lines come out of it. */
  isFlushed: boolean
}

/**
 * It writes a page in each format in turn, hOCR, text and ALTO: what is read is the first two, whose end the third tells.
 * The text alone has no end: another page may follow or none.
 */
const outputs = ['tessedit_create_hocr=1', 'tessedit_create_txt=1', 'tessedit_create_alto=1']
const hocrStart = "  <div class='ocr_page'"
const hocrEnd = '\n  </div>\n'
/** The first page's comes with the document's head. */
const altoStart = /<\?xml [^>]*>\s*<alto |\t\t<Page /
const altoEnd = '\t\t</Page>\n'
const mostStderr = 2_000

/** Finds what makes a process that can be kept: util-linux's `setpriv` and coreutils' `stdbuf`, tried out. */
export async function findWrappers(): Promise<Wrappers> {
  const endsWithUs = ['setpriv', '--pdeathsig', 'KILL']
  const unbuffered = ['stdbuf', '-o0']
  const [canEndWithUs, isFlushed] = await Promise.all([works(endsWithUs), works(unbuffered)])
  return {
    // Threads of its own only get in each other's way where every core has a worker: 4.8 times slower.
    words: [
      'env',
      'OMP_THREAD_LIMIT=1',
      ...(canEndWithUs ? endsWithUs : []),
      ...(isFlushed ? unbuffered : []),
    ],
    isFlushed,
  }
}

const run = promisify(execFile)
const works = ([command = '', ...words]: readonly string[]): Promise<boolean> =>
  run(command, [...words, 'true']).then(
    () => true,
    () => false,
  )

/** Starts `tesseract` with `settings`; it loads its models at once and waits for the paths of pages. */
export function startNativeProcess(
  { words, isFlushed }: Wrappers,
  settings: readonly string[],
): NativeProcess {
  const own = ['stream_filelist=1', 'page_separator=', ...outputs].flatMap((name) => ['-c', name])
  const [command = '', ...rest] = [...words, 'tesseract', '-', '-', ...settings, ...own]
  const child = spawn(command, rest, { stdio: 'pipe' })
  const closed = once(child, 'close').catch(() => undefined)
  let said = ''
  let output = ''
  let waiting: PromiseWithResolvers<{ hocr: string; text: string }> | undefined
  let isOpen = true
  const onGone = (why: string): void => {
    isOpen = false
    const message = `tesseract ${why}${said === '' ? '' : `: ${said.trim()}`}`
    waiting?.reject(new ScriptoriumError('engine_crash', message))
    waiting = undefined
  }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    if (!output.includes(altoEnd)) return
    waiting?.resolve(splitPage(output))
    waiting = undefined
    output = ''
  })
  // It warns about every other page: what it said last is told where it ends.
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-mostStderr)
  })
  child.stdin.on('error', () => undefined) // It has ended: 'close' tells.
  child.on('error', (error) => onGone(`does not start: ${toError(error).message}`))
  child.on('close', (code, signal) => onGone(`ended (${signal ?? `exit code ${code}`})`))
  return {
    isOpen: () => isOpen,
    read(file) {
      waiting = Promise.withResolvers()
      const { promise } = waiting
      said = ''
      if (!isOpen) onGone('is gone')
      else if (isFlushed) child.stdin.write(`${file}\n`)
      else {
        isOpen = false
        child.stdin.end(`${file}\n`)
      }
      return promise
    },
    async end() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** Takes a page's parts from what was written for it. */
function splitPage(output: string): { hocr: string; text: string } {
  const start = output.indexOf(hocrStart)
  const middle = output.indexOf(hocrEnd, start) + hocrEnd.length
  const text = output.slice(middle)
  return { hocr: output.slice(start, middle), text: text.slice(0, text.search(altoStart)) }
}
