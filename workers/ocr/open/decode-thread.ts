import { Worker, type Transferable } from 'node:worker_threads'
import { ScriptoriumError } from '../../../shared/errors.ts'
import type { Request, Response } from './thread-server.ts'

interface Deps {
  /** The thread's file. */
  script: URL
  /** Memory beyond which the thread is replaced once nothing is open in it, or `shouldRecycle` says so. */
  maxHeapBytes: number
}

/** Limits one call: how long it may take, and what it is called in the message. */
interface CallOptions {
  deadlineMs: number
  transfer?: readonly Transferable[]
}

/**
 * Runs a decoder in a thread of its own, so that a file on which it hangs, crashes or takes too much memory costs that
 * file only. Calls are answered one after the other. The thread is started by the first call, and anew by the first one after its end.
 */
export function createDecodeThread<
  C extends { [N in keyof C]: { argument: unknown; answer: unknown } },
>({ script, maxHeapBytes }: Deps) {
  let thread: Worker | undefined
  /** Counts threads: what was opened in an earlier one is gone. */
  let generation = 0
  let queue: Promise<unknown> = Promise.resolve()

  const end = async (): Promise<void> => {
    const ending = thread
    thread = undefined
    await ending?.terminate()
  }

  const start = (): Worker => {
    generation += 1
    const started = new Worker(script)
    started.unref() // A process that has nothing else to do may end.
    return started
  }

  const ask = async (
    request: Request,
    { deadlineMs, transfer = [] }: CallOptions,
  ): Promise<Response> => {
    thread ??= start()
    const asked = thread
    const answer = Promise.withResolvers<Response>()
    const late = (): void => answer.reject(isLate(deadlineMs))
    const died = (): void => answer.reject(new Error('its decoder ended unexpectedly'))
    const timer = setTimeout(late, deadlineMs)
    asked.on('message', answer.resolve).on('error', answer.reject).on('exit', died)
    try {
      asked.postMessage(request, transfer)
      return await answer.promise
    } catch (thrown) {
      await end()
      throw thrown
    } finally {
      clearTimeout(timer)
      asked.off('message', answer.resolve).off('error', answer.reject).off('exit', died)
    }
  }

  const call = async <N extends keyof C & string>(
    name: N,
    argument: C[N]['argument'],
    options: CallOptions,
  ): Promise<C[N]['answer']> => {
    const response = await ask({ name, argument }, options)
    if ('answer' in response) {
      if (response.heapBytes > maxHeapBytes) await end()
      // The thread's file names the same calls.
      return response.answer
    }
    const { code, message } = response.error
    if (code !== undefined) throw new ScriptoriumError(code, message)
    await end() // A decoder that broke down is in no state to go on.
    throw new Error(message)
  }

  return {
    /** Rejects with what the thread threw, `decode_timeout` at the deadline, or an Error where the decoder broke down. */
    call<N extends keyof C & string>(
      name: N,
      argument: C[N]['argument'],
      options: CallOptions,
    ): Promise<C[N]['answer']> {
      const turn = queue.then(() => call(name, argument, options))
      queue = turn.catch(() => undefined)
      return turn
    },
    /** Names the thread that is running; undefined while none is. */
    generation: (): number | undefined => (thread === undefined ? undefined : generation),
    close: end,
  }
}

function isLate(deadlineMs: number): ScriptoriumError {
  const seconds = (deadlineMs / 1_000).toFixed(0)
  return new ScriptoriumError('decode_timeout', `took longer than ${seconds} s to be decoded`)
}

export type DecodeThread<C extends { [N in keyof C]: { argument: unknown; answer: unknown } }> =
  ReturnType<typeof createDecodeThread<C>>
