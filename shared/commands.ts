import { commandSchema, createParser, type Command } from './messages.ts'
import type { Keys } from './keys.ts'
import type { Redis } from './redis.ts'

const parseCommand = createParser('a command', commandSchema)

/** Asks something of the aggregator; it stays in Redis, under the id that is returned, until the aggregator has done it. */
export async function sendCommand(redis: Redis, keys: Keys, command: Command): Promise<string> {
  const id = await redis.xadd(keys.commands, '*', 'c', JSON.stringify(command))
  return id ?? ''
}

/**
 * The aggregator's end. `redis` must be its own connection: reading blocks it. What was read is read again
 * until it is forgotten, so handling a command must be idempotent.
 */
export function createCommandReader(redis: Redis, keys: Keys) {
  return {
    /** The next commands; empty after `blockMs` quiet milliseconds. */
    async next(blockMs: number): Promise<{ id: string; command: Command | Error }[]> {
      const streams = await redis.xread(
        'COUNT',
        10,
        'BLOCK',
        blockMs,
        'STREAMS',
        keys.commands,
        '0',
      )
      const entries = streams?.[0]?.[1] ?? []
      return entries.map(([id, fields]) => ({ id, command: decode(fields[1] ?? '') }))
    },
    async forget(id: string): Promise<void> {
      await redis.xdel(keys.commands, id)
    },
  }
}

function decode(text: string): Command | Error {
  try {
    return parseCommand(JSON.parse(text))
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown))
  }
}
