import { commandState, sendCommand } from '../../../shared/redis/commands.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Command } from '../../../shared/contract/messages/command.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { waitUntil } from './wait.ts'

const maxSeconds = 10
const sendAgainMs = 1_000

/**
 * Sends a command to the aggregator and waits until it is done; a command that Redis lost is sent again. Throws
 * `aggregator_missing` if it is not taken in time; it stays queued, and is done when the aggregator is back. Throws
 * `poison` if the aggregator died over it repeatedly.
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
    if (await waitUntil(isDone, maxSeconds)) return
    throw new ScriptoriumError(
      'aggregator_missing',
      'the aggregator does not respond; it executes the command when it is back',
    )
  }
}
