import { decodeMemory } from '../../../shared/process/config.ts'
import { programBeside } from '../../../shared/files/package-root.ts'
import { createConfinedProcess } from '../../../shared/confined/confined-process.ts'
import { awaitUntil } from '../../../shared/process/waiting/await-until.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import type { DecoderCalls } from './calls.ts'

interface Options {
  /** Maximum size of a decoded page, in millions of pixels: the workers' limit. */
  maxMegapixels?: number
  /** Memory limit of the process. */
  maxBytes?: number
}

type Asked<N extends keyof DecoderCalls> = DecoderCalls[N]['argument']
type Answer<N extends keyof DecoderCalls> = Promise<DecoderCalls[N]['answer']>

/** If the process has more than this, the next document gets a new one. */
const keptBytes = 160 * 2 ** 20

/** Maximum duration of a call, milliseconds; also of a document, plus an allowance for each page. */
const callMs = 60_000
const firstMs = 120_000
const pageMs = 15_000
/** Longer than writing the data of one call ever takes. */
const idleMs = 60_000
/** A document that has used the process for this long lets others use it between two pages. */
const sliceMs = 10_000

/**
 * The process that decodes and parses input for output: a file that takes too long or too much memory ends that
 * process, and only its own document loses output. There is one process, which documents use in turn. The first
 * document that needs it starts it.
 */
export function createDecoder({ maxMegapixels = 100, maxBytes = decodeMemory(0) }: Options = {}) {
  const create = () =>
    createConfinedProcess<DecoderCalls>({
      script: programBeside(import.meta.url, '../pdf/decoder-process'),
      maxBytes,
      limitName: 'SCRIPTORIUM_DECODE_MEMORY',
      done: 'shown',
      keepBytes: maxBytes, // Kept until its document is written.
      idleMs,
    })
  let child = create()
  const replace = async (): Promise<void> => {
    const ending = child
    child = create()
    await ending.close()
  }
  const turns = createTurns()

  return {
    limits: { maxMegapixels, maxBytes },
    /** The calls of one document. Waiting for a turn and for the output's consumer does not count as its time. */
    open(signal?: AbortSignal) {
      let endTurn: (() => void) | undefined
      let takenAt = 0
      let leftMs = firstMs

      const ask = async <N extends keyof DecoderCalls>(name: N, argument: Asked<N>): Answer<N> => {
        if (endTurn === undefined) {
          endTurn = await turns.take(signal)
          takenAt = performance.now()
        }
        if (leftMs <= 0) throw isLate()
        const startedAt = performance.now()
        try {
          const deadlineMs = Math.min(callMs, leftMs)
          return await child.call(name, argument, { deadlineMs, signal })
        } catch (thrown) {
          throw signal?.aborted === true ? signal.reason : explain(name, thrown)
        } finally {
          leftMs -= performance.now() - startedAt
        }
      }

      const letGo = async (): Promise<void> => {
        const end = endTurn
        if (end === undefined) return
        endTurn = undefined
        try {
          const deadlineMs = callMs
          const isAlive = child.generation() !== undefined
          if (!isAlive) return
          const { residentBytes } = await child.call('close', null, { deadlineMs })
          if (residentBytes > keptBytes) await replace()
        } catch {
          await replace() // It is unusable now, and the document has all it needed.
        } finally {
          end()
        }
      }

      return {
        /** Rejects with the call's error, or with the end of the process: then no document is open. */
        ask,
        /** Extends the deadline for one more page. */
        allowPage(): void {
          leftMs += pageMs
        },
        /** Lets others use the process after a while; true where it did, and the document is closed. */
        async takeTurns(): Promise<boolean> {
          const isDue = performance.now() - takenAt > sliceMs && turns.waiting() > 0
          if (endTurn === undefined || !isDue) return false
          await letGo()
          return true
        },
        close: letGo,
      }
    },
    close: (): Promise<void> => child.close(),
  }
}

export type Decoder = ReturnType<typeof createDecoder>
export type Decoding = ReturnType<Decoder['open']>

/** A file that breaks the process counts as damaged: nothing else can be known about it. */
function explain(name: keyof DecoderCalls, thrown: unknown): ScriptoriumError {
  if (thrown instanceof ScriptoriumError) return thrown
  const code = ofPdfs.has(name) ? 'corrupt_pdf' : 'corrupt_image'
  return new ScriptoriumError(code, `its pages cannot be shown: ${toError(thrown).message}`)
}

const ofPdfs: ReadonlySet<string> = new Set([
  'describePdf',
  'copyPdf',
  'pdfObjects',
  'pdfPages',
  'pdfBarePage',
])

const isLate = (): ScriptoriumError =>
  new ScriptoriumError('decode_timeout', 'its pages cannot be shown: decoding takes too long')

/** A lock with a first-come, first-served queue. */
function createTurns() {
  let last: Promise<void> = Promise.resolve()
  let waiting = 0
  return {
    waiting: (): number => waiting,
    /** Resolves to the function that ends the turn. Rejects with the signal's reason, without a turn. */
    async take(signal?: AbortSignal): Promise<() => void> {
      const mine = Promise.withResolvers<void>()
      const before = last
      last = before.then(() => mine.promise)
      waiting += 1
      try {
        await awaitUntil(before, { signal })
        return mine.resolve
      } catch (thrown) {
        mine.resolve()
        throw thrown
      } finally {
        waiting -= 1
      }
    },
  }
}
