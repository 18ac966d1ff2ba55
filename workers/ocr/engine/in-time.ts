import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'

/**
 * Awaits work until its deadline, then rejects with `page_timeout` and the message `late`; the work itself continues.
 */
export function withDeadline<T>(work: Promise<T>, deadlineMs: number, late: string): Promise<T> {
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => deadline.reject(new ScriptoriumError('page_timeout', late)),
    deadlineMs,
  )
  work.catch(() => undefined) // It may reject when it is killed, and nobody awaits it then.
  return Promise.race([work, deadline.promise]).finally(() => clearTimeout(timer))
}

/**
 * Awaits an engine that reads a page. Rejects with `page_timeout`, with the engine's own code, or with `engine_failed`.
 */
export async function readInTime<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const late = `not read within ${(deadlineMs / 1000).toFixed(1)} s; --timeout raises the limit`
  try {
    return await withDeadline(work, deadlineMs, late)
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) throw thrown
    const message = `the engine failed: ${toError(thrown).message}`
    throw new ScriptoriumError('engine_failed', message, { cause: thrown })
  }
}
