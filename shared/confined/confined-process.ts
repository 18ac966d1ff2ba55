import pLimit from 'p-limit'
import { awaitUntil } from '../process/waiting/await-until.ts'
import { ScriptoriumError } from '../process/errors.ts'
import { startChild, type Child } from './child.ts'
import {
  didNotStart,
  explainBreakdown,
  explainEnd,
  isCancelled,
  isLate,
  isTooMuch,
  type Wording,
} from './endings.ts'
import { environment, findWrapper } from './limits.ts'
import type { Calls, Request, Response } from './protocol.ts'

interface Deps extends Wording {
  /** The module that the process runs; it calls `serve`. */
  script: URL
  /** Memory limit of the process, bytes: above it, the process is killed. */
  maxBytes: number
  /** The process ends after a call that leaves it with more memory than this: WebAssembly memory never shrinks. */
  keepBytes: number
  /** The process ends after this long without a call. */
  idleMs?: number
}

interface CallOptions {
  /** Maximum duration of the call from its turn on, milliseconds. */
  deadlineMs: number
  /** Nobody awaits the result any more: a waiting call is dropped; the process of a running call is killed. */
  signal?: AbortSignal | undefined
  /** The next call needs an object that this one opened: the process is kept at any memory use. */
  keepsOpen?: boolean
}

const defaultIdleMs = 30_000

/**
 * Processes untrusted files in a child process, so that a file on which it hangs, crashes or needs too much memory
 * costs only that file. Calls run one after the other. The first call starts the process; later calls reuse it; after
 * its end the next call starts a new one.
 *
 * Both decoders use it. A pool of threads (`piscina`) does not serve: threads share the memory of their process, where
 * V8's limits count no pixels, and a crash in libvips or PDFium ends all of them. The engines and the searches have
 * deadlines of their own: an engine gets decoded pages, and a search reads our own ledger in a thread.
 */
export function createConfinedProcess<C extends Calls<C>>(deps: Deps) {
  const { script, maxBytes, keepBytes, idleMs = defaultIdleMs } = deps
  let child: Child | undefined
  let wrapper: Promise<readonly string[]> | undefined
  /** Counts processes: objects opened in an earlier one are gone. */
  let generation = 0
  let isClosed = false
  const inTurn = pLimit(1)
  let idle: NodeJS.Timeout | undefined

  const end = async (): Promise<void> => {
    const ending = child
    child = undefined
    await ending?.end()
  }

  const start = async (): Promise<Child> => {
    wrapper ??= findWrapper(environment)
    const started = await startChild({ script, maxBytes, wrapper: await wrapper })
    generation += 1
    child = started
    if (isClosed) await end()
    return started
  }

  const ask = async (asked: Child, request: Request, options: CallOptions): Promise<Response> => {
    const { deadlineMs, signal } = options
    const full = new AbortController()
    const unwatch = asked.gauge.watch(maxBytes, () => full.abort())
    try {
      return await awaitUntil(asked.ask(request), {
        deadlineMs,
        late: () => isLate(deps, deadlineMs),
        signal: signal === undefined ? full.signal : AbortSignal.any([signal, full.signal]),
        cancelled: () => (full.signal.aborted ? isTooMuch(deps) : isCancelled()),
      })
    } catch (thrown) {
      await end()
      throw explainEnd(deps, thrown, asked.gauge.lastBytes())
    } finally {
      unwatch()
    }
  }

  const call = async (request: Request, options: CallOptions): Promise<unknown> => {
    if (isClosed || options.signal?.aborted === true) throw isCancelled()
    const asked = child?.isAlive() === true ? child : await start().catch(didNotStart(deps))
    const response = await ask(asked, request, options)
    const residentBytes = asked.gauge.look()
    // A process that broke down is unusable; a rejection with a code leaves it intact.
    const isBroken = 'error' in response && response.error.code === undefined
    if (isBroken || (residentBytes > keepBytes && options.keepsOpen !== true)) await end()
    if ('answer' in response) return response.answer
    const { code, message } = response.error
    if (code !== undefined) throw new ScriptoriumError(code, message)
    throw explainBreakdown(deps, message, asked.said(), residentBytes)
  }

  return {
    /**
     * Rejects with the `ScriptoriumError` that the work threw; with `decode_timeout` at the deadline, `too_much_memory`
     * above the limit, `cancelled` after the signal, `decoder_failed` if the process did not start or was killed from
     * outside; or with an Error if the work broke down or crashed on its input.
     */
    call<N extends keyof C & string>(
      name: N,
      argument: C[N]['argument'],
      options: CallOptions,
    ): Promise<C[N]['answer']> {
      clearTimeout(idle)
      return inTurn(() =>
        call({ name, argument }, options).finally(() => {
          if (inTurn.pendingCount === 0) idle = setTimeout(() => void end(), idleMs).unref()
        }),
      )
    },
    /** Identifies the running process; undefined while none runs. */
    generation: (): number | undefined => (child?.isAlive() === true ? generation : undefined),
    /** Kills the process for good, even in the middle of a call. */
    async close(): Promise<void> {
      isClosed = true
      clearTimeout(idle)
      await end()
      await inTurn(() => clearTimeout(idle)) // After the calls that waited.
    },
  }
}
