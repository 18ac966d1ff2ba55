import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { canWrap, findWrapper } from '../../../shared/confined/limits.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'

/** A `tesseract` process that keeps its models loaded and reads page after page. */
export interface NativeProcess {
  /**
   * Reads one image file and resolves to its hOCR and its text. Rejects with `engine_crash` if the process ends first.
   */
  read: (file: string) => Promise<{ hocr: string; text: string }>
  /** False once it accepts no more pages. */
  isOpen: () => boolean
  /** Kills it, even in the middle of a page; resolves once it has exited. */
  end: () => Promise<void>
}

/** Programs that precede `tesseract` on the command line, where this machine has them. */
interface Wrappers {
  words: readonly string[]
  /** Whether its output arrives at once. Otherwise the last lines of a page arrive only when the process exits. */
  isFlushed: boolean
}

/**
 * It writes a page in each format in turn: hOCR, text and ALTO. This module reads the first two; the third marks their
 * end. Text alone has no end marker: another page may follow or none.
 */
const outputs = ['tessedit_create_hocr=1', 'tessedit_create_txt=1', 'tessedit_create_alto=1']
const hocrStart = "  <div class='ocr_page'"
const hocrEnd = '\n  </div>\n'
/** For the first page, the document's head precedes it. */
const altoStart = /<\?xml [^>]*>\s*<alto |\t\t<Page /
const altoEnd = '\t\t</Page>\n'
const maxStderr = 2_000

/**
 * Detects the programs that a persistent process needs: util-linux's `setpriv` and coreutils' `stdbuf`, each by a trial
 * run.
 */
export async function findWrappers(): Promise<Wrappers> {
  const unbuffered = ['stdbuf', '-o0']
  const [endsWithUs, isFlushed] = await Promise.all([findWrapper(), canWrap(unbuffered)])
  return {
    // Its own threads compete with the other workers where every core has one: 4.8 times slower.
    words: [
      'env',
      // It needs none of our secrets.
      ...['REDIS_URL', 'SCRIPTORIUM_SECRET'].flatMap((name) => ['-u', name]),
      'OMP_THREAD_LIMIT=1',
      ...endsWithUs,
      ...(isFlushed ? unbuffered : []),
    ],
    isFlushed,
  }
}

/**
 * Starts `tesseract` with `settings`; the process loads its models at once and waits for the paths of pages. Not a
 * confined process: that runs a module of ours and speaks our protocol.
 */
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
  // It warns about every other page: the last message is reported when the process ends.
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-maxStderr)
  })
  child.stdin.on('error', () => undefined) // It has exited: 'close' reports that.
  child.on('error', (error) => onGone(`does not start: ${toError(error).message}`))
  child.on('close', (code, signal) => onGone(`exited (${signal ?? `exit code ${code}`})`))
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

/** Splits the output for a page into its parts. */
function splitPage(output: string): { hocr: string; text: string } {
  const start = output.indexOf(hocrStart)
  const middle = output.indexOf(hocrEnd, start) + hocrEnd.length
  const text = output.slice(middle)
  return { hocr: output.slice(start, middle), text: text.slice(0, text.search(altoStart)) }
}
