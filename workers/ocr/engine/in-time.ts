import { awaitUntil } from '../../../shared/process/waiting/await-until.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'

/**
 * Awaits an engine that reads a page. Rejects with `page_timeout`, with the engine's own code, or with `engine_failed`.
 */
export async function readInTime<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const message = `not read within ${(deadlineMs / 1000).toFixed(1)} s; --timeout raises the limit`
  try {
    const late = (): Error => new ScriptoriumError('page_timeout', message)
    return await awaitUntil(work, { deadlineMs, late })
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) throw thrown
    const failure = `the engine failed: ${toError(thrown).message}`
    throw new ScriptoriumError('engine_failed', failure, { cause: thrown })
  }
}
