import { commandState, sendCommand } from '../../../shared/redis/commands.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Command } from '../../../shared/contract/messages/command.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { waitUntil } from './wait.ts'

const mostSeconds = 10
const sendAgainMs = 1_000

/**
 * Asks something of the aggregator and waits until it has done it; what Redis lost meanwhile is asked again. Throws
 * `aggregator_missing` where it does not take the command in time; the command stays, and is done when it is back. Throws
 * `poison` where it died over it again and again.
 */
export function createCommandClient(redis: Redis, keys: Keys) {
  return async (command: Command): Promise<void> => {
    let id = await sendCommand(redis, keys, command)
    let sentAt = performance.now()
    const isDone = async (): Promise<boolean> => {
      const state = await commandState(redis, keys, id)
      if (state === 'lost' && performance.now() - sentAt >= sendAgainMs) {
        id = await sendCommand(redis, keys, command)
        sentAt = performance.now()
      }
      if (typeof state === 'object') throw new ScriptoriumError('poison', state.refusal)
      return state === 'done'
    }
    if (await waitUntil(isDone, mostSeconds)) return
    throw new ScriptoriumError(
      'aggregator_missing',
      'the aggregator does not respond; it executes the command when it is back',
    )
  }
}
