import { sendCommand } from '../../shared/commands.ts'
import { ScriptoriumError } from '../../shared/errors.ts'
import type { Keys } from '../../shared/keys.ts'
import type { Command } from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import { waitUntil } from './wait.ts'

const mostSeconds = 10

/**
 * Asks something of the aggregator and waits until it has done it. Throws `aggregator_missing` where it does not take
 * the command in time; the command stays, and is done when it is back.
 */
export function createCommandClient(redis: Redis, keys: Keys) {
  return async (command: Command): Promise<void> => {
    const id = await sendCommand(redis, keys, command)
    const isHandled = async (): Promise<boolean> =>
      (await redis.xrange(keys.commands, id, id)).length === 0
    if (await waitUntil(isHandled, mostSeconds)) return
    throw new ScriptoriumError(
      'aggregator_missing',
      'the aggregator does not answer; what was asked is done when it is back',
    )
  }
}
