import { destination, pino, stdSerializers, type Logger } from 'pino'
import { toError } from './errors.ts'
import { printable } from './printable.ts'

export type { Logger }

/** Maximum number of characters that wait for a full disk; anything beyond is dropped. */
const maxWaiting = 2 ** 20

/**
 * The process's logger: JSON lines on stderr, so that stdout stays the program's own. It writes synchronously: the last
 * line before a crash is the important one.
 */
export function createLogger(component: string, level: string): Logger {
  const stream = destination({ dest: 2, sync: true, maxLength: maxWaiting })
  // A failed log write (its disk is full) must not end the process: the next line tries again.
  stream.on('error', () => undefined)
  const base = { component, pid: process.pid }
  // People read logs in terminals, too; the JSON stays the same.
  const write = (line: string): void => void stream.write(printable(line))
  return pino({ level, base, serializers: { err: describe } }, { write })
}

/** ioredis attaches the command to the error, and with it every argument: passwords, names, texts. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { command: _, previousErrors, ...rest }: Record<string, unknown> = stdSerializers.err(error)
  if (!Array.isArray(previousErrors)) return rest
  return { ...rest, previousErrors: previousErrors.map((earlier) => toError(earlier).message) }
}
