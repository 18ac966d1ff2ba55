import { destination, pino, type Logger } from 'pino'

export type { Logger }

/**
 * The process's logger: JSON lines on stderr, so that stdout stays the program's own.
 * Written synchronously: the last line before a crash is the one that is needed.
 */
export function createLogger(component: string, level: string): Logger {
  return pino(
    { level, base: { component, pid: process.pid } },
    destination({ dest: 2, sync: true }),
  )
}
