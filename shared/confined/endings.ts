import { ScriptoriumError, toError } from '../process/errors.ts'
import { ChildDied } from './child.ts'

/** Terms in messages about a limit. */
export interface Wording {
  maxBytes: number
  /** The setting that supplies `maxBytes`. */
  limitName: string
  /** Verb for the processing of a file: "decoded". */
  done: string
}

/** Minimum share of its limit that a process uses when it breaks down because the kernel refused it more memory. */
const nearlyAll = 0.75
/** Messages of V8, Emscripten and libvips. */
const wantOfMemory = /out of memory|not enough memory|allocation failed|unable to grow/i
const killedFromOutside: ReadonlySet<NodeJS.Signals | null> = new Set([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
])

export function isTooMuch({ maxBytes, limitName, done }: Wording): ScriptoriumError {
  return new ScriptoriumError(
    'too_much_memory',
    `needs more memory to be ${done} than ${limitName}=${maxBytes} allows; save it with fewer pixels or simpler content, or raise the limit`,
  )
}

export function isLate({ done }: Wording, deadlineMs: number): ScriptoriumError {
  const seconds = (deadlineMs / 1_000).toFixed(0)
  return new ScriptoriumError('decode_timeout', `took longer than ${seconds} s to be ${done}`)
}

export const isCancelled = (): ScriptoriumError =>
  new ScriptoriumError('cancelled', 'was cancelled')

/** Throws an error of the service, not of the file: another attempt may succeed. */
export const didNotStart =
  ({ done }: Wording) =>
  (thrown: unknown): never => {
    const message = `was not ${done}: the process for it did not start (${toError(thrown).message})`
    throw new ScriptoriumError('decoder_failed', message, { cause: thrown })
  }

/**
 * Explains a call without an answer: `too_much_memory`, `decoder_failed`, or, where the file crashed its process, an
 * Error.
 */
export function explainEnd(wording: Wording, thrown: unknown, residentBytes: number): Error {
  if (!(thrown instanceof ChildDied)) return toError(thrown)
  const { death } = thrown
  const isKilled = killedFromOutside.has(death.signal)
  const isNearLimit = residentBytes > wording.maxBytes * nearlyAll
  if (isKilled ? death.isStarved || isNearLimit : isForWantOfMemory(wording, thrown, residentBytes))
    return isTooMuch(wording)
  if (!isKilled) return new Error(`the process for it ${thrown.message}`, { cause: thrown })
  const message = `was not ${wording.done}: the process for it was killed from outside`
  return new ScriptoriumError('decoder_failed', message, { cause: thrown })
}

/** Explains a breakdown on a file; the kernel refuses memory a little above the limit. */
export function explainBreakdown(
  wording: Wording,
  message: string,
  said: string,
  residentBytes: number,
): Error {
  const thrown = new Error(message)
  const isShort = isForWantOfMemory(wording, thrown, residentBytes) || wantOfMemory.test(said)
  return isShort ? isTooMuch(wording) : thrown
}

const isForWantOfMemory = (
  { maxBytes }: Wording,
  { message }: Error,
  residentBytes: number,
): boolean => wantOfMemory.test(message) || residentBytes > maxBytes * nearlyAll
