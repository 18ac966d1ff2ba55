import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { toError } from '../process/errors.ts'
import { commandSchema, type Command } from '../contract/messages/command.ts'
import { createParser } from '../contract/messages/parser.ts'
import { ttl, type Keys } from './keys.ts'
import type { Lease } from './lease.ts'
import type { Redis } from './connection/redis.ts'
import { upgradeCommand } from '../contract/schema/upgrades.ts'
import { idText } from '../contract/schema/bounded.ts'

const parseCommand = createParser('a command', commandSchema, upgradeCommand)

/** Sends a command to the aggregator and returns its id; Redis keeps it until the aggregator has handled it. */
export async function sendCommand(redis: Redis, keys: Keys, command: Command): Promise<string> {
  const id = await redis.xadd(keys.commands, '*', 'c', JSON.stringify(command))
  return id ?? ''
}

/**
 * A command taken from the stream, or the reason why it is malformed; `runId` is the run that it would have started.
 */
interface TakenCommand {
  id: string
  command: Command | Error
  runId?: string
}

/** State of a command: waiting, done, refused, or lost when Redis was wiped. */
type CommandState = 'waiting' | 'done' | 'lost' | { refusal: string }

/** Marks a done command; a refused one is marked with the reason. */
const done = '1'

/**
 * Returns the state of the command with this `sendCommand` id. A lost command may be sent again: all are idempotent.
 */
export async function commandState(redis: Redis, keys: Keys, id: string): Promise<CommandState> {
  if (id === '') return 'lost'
  // In this order: a command is marked as done when it leaves the stream, so one of both places shows it.
  if ((await redis.xrange(keys.commands, id, id)).length > 0) return 'waiting'
  const handled = await redis.get(keys.handled(id))
  if (handled === null) return 'lost'
  return handled === done ? 'done' : { refusal: handled }
}

/**
 * The aggregator's end. `redis` must be its own connection: reading blocks it. A command is delivered again until it is
 * deleted, so handling it must be idempotent. Only the holder of `lease` reads and deletes.
 */
export function createCommandReader(redis: Redis, keys: Keys, lease: Lease) {
  return {
    /** Returns the next commands; none after `blockMs` milliseconds without one. */
    async next(blockMs: number): Promise<TakenCommand[]> {
      await lease.held()
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
      return entries.map(([id, fields]) => ({ id, ...decode(fields[1] ?? '') }))
    },
    /** `refusal` gives the reason why it was not done. */
    async forget(id: string, refusal?: string): Promise<void> {
      await lease.writeSmall([
        ['XDEL', keys.commands, id],
        ['SET', keys.handled(id), refusal ?? done, 'EX', ttl.handled],
      ])
    },
  }
}

function decode(text: string): Omit<TakenCommand, 'id'> {
  let value: unknown
  try {
    value = JSON.parse(text)
    return { command: parseCommand(value) }
  } catch (thrown) {
    const runId = runIdIn(value)
    return { command: toError(thrown), ...(runId !== undefined && { runId }) }
  }
}

const runOfSchema = Type.Object({ request: Type.Object({ runId: idText }) })

/** The client that waits for a run must learn that its command is malformed, even if all other fields are invalid. */
const runIdIn = (value: unknown): string | undefined =>
  Value.Check(runOfSchema, value) ? value.request.runId : undefined
