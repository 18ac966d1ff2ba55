import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { programBeside } from '../../../shared/files/package-root.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { ServiceLimits } from '../limits/limits.ts'
import { TryLater } from '../http/problem.ts'
import type { SearchAnswer } from './thread.ts'
import type { Search } from './work.ts'

interface Deps {
  /** Folder of the ledger. */
  folder: string
  limits: Pick<ServiceLimits, 'take'>
  /** For one search. */
  deadlineMs?: number
}

const retryAfterSeconds = 5
/** A dense page takes a few megabytes, and an answer holds 500 of them. */
const memory = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 8 }

/**
 * Runs searches in their own thread, one after the other: finding the words of 500 dense pages takes seconds, which
 * would block the event loop. A search that exceeds its deadline ends with its thread.
 * No confined process is needed: it reads our own ledger, and V8's limits hold for a thread's objects.
 */
export function createSearches({ folder, limits, deadlineMs = 20_000 }: Deps) {
  const inTurn = pLimit(1)
  let thread: Worker | undefined

  const open = (): Worker => {
    const started = new Worker(programBeside(import.meta.url, 'thread'), {
      workerData: folder,
      resourceLimits: memory,
    })
    started.on('error', () => undefined) // Its end rejects the waiting callers.
    started.once('exit', () => {
      if (thread === started) thread = undefined
    })
    started.unref()
    return started
  }

  const ask = async (wanted: Search): Promise<string> => {
    const asked = (thread ??= open())
    const ended = new AbortController()
    const answered = Promise.withResolvers<SearchAnswer>()
    const end = (): void => {
      ended.abort()
      answered.reject(new Error('the search has ended'))
    }
    asked.once('exit', end).once('message', answered.resolve)
    const timer = setTimeout(end, deadlineMs)
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
      asked.postMessage(wanted)
      const answer = await answered.promise
      if ('text' in answer) return answer.text
      throw new ScriptoriumError(answer.code, answer.message)
    } catch (thrown) {
      if (!ended.signal.aborted) throw thrown
      await asked.terminate()
      const message = 'the search exceeded its time or memory limit; set a smaller limit'
      throw new TryLater('service_busy', message, retryAfterSeconds)
    } finally {
      clearTimeout(timer)
      asked.off('exit', end).off('message', answered.resolve)
    }
  }

  return {
    /** The result as JSON text. Throws `service_busy`, and errors of the ledger. */
    async find(wanted: Search, holder: string): Promise<string> {
      const held = limits.take('searches', holder)
      try {
        return await inTurn(() => ask(wanted))
      } finally {
        held.release()
      }
    },
    close: async (): Promise<void> => void (await thread?.terminate()),
  }
}

export type Searches = ReturnType<typeof createSearches>
