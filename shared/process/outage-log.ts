/** The methods for log lines that an outage repeats; every pino logger has them. */
export interface Lines {
  info: (fields: object, sentence: string) => void
  warn: (fields: object, sentence: string) => void
  error: (fields: object, sentence: string) => void
}

type Level = keyof Lines

interface Held {
  level: Level
  fields: object
  times: number
}

/**
 * Limits lines to `burst` at once and one more per `refillMs`: 15 in the first minute of an outage, then 8 a minute.
 */
const outagePace = { burst: 7, refillMs: 8_000 }

/**
 * Limits the log lines of a process about an outage, from all loops: each meets an unreachable or full Redis many times
 * a second. A suppressed line is written later, the latest of each sentence, with the number of occurrences (`times`).
 */
export function createOutageLog(log: Lines, { burst, refillMs } = outagePace): Lines {
  let allowance = burst
  let timer: NodeJS.Timeout | undefined
  const held = new Map<string, Held>()

  const refill = (): void => {
    const [next] = held
    if (next === undefined) {
      allowance = Math.min(burst, allowance + 1)
    } else {
      const [sentence, { level, fields, times }] = next
      held.delete(sentence)
      log[level]({ ...fields, times }, sentence)
    }
    timer = undefined
    tick()
  }
  const tick = (): void => {
    if (allowance === burst) return
    timer ??= setTimeout(refill, refillMs).unref()
  }
  const say =
    (level: Level) =>
    (fields: object, sentence: string): void => {
      if (allowance > 0) {
        allowance -= 1
        log[level](fields, sentence)
      } else {
        const times = (held.get(sentence)?.times ?? 0) + 1
        held.delete(sentence) // Moves it to the end: lines keep the order of their last occurrence.
        held.set(sentence, { level, fields, times })
      }
      tick()
    }
  return { info: say('info'), warn: say('warn'), error: say('error') }
}
