import { commandState, sendCommand } from '../../../shared/redis/commands.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Command } from '../../../shared/contract/messages/command.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { waitUntil } from './wait.ts'

const maxSeconds = 10
/** A run of half a million documents takes a minute to cancel, or to plan again. */
const lengthySeconds = 4
const sendAgainMs = 1_000

/**
 * Sends a command to the aggregator and waits until it is done, or `hasEffect`: the rest, output files, may take
 * longer. A command that Redis lost is sent again. A lengthy one is waited for only a moment: it is done in the
 * background while the aggregator lives. Throws `aggregator_missing` if it is not done in time; it stays queued, and is
 * done when the aggregator is back. Throws `poison` if the aggregator died over it repeatedly.
 */
export function createCommandClient(redis: Redis, keys: Keys) {
  return async (
    command: Command,
    { isLengthy = false, hasEffect = (): boolean => false } = {},
  ): Promise<void> => {
    let id = await sendCommand(redis, keys, command)
    let sentAt = performance.now()
    const isDone = async (): Promise<boolean> => {
      if (hasEffect()) return true
      const state = await commandState(redis, keys, id)
      if (state === 'lost' && performance.now() - sentAt >= sendAgainMs) {
        id = await sendCommand(redis, keys, command)
        sentAt = performance.now()
      }
      if (typeof state === 'object') throw new ScriptoriumError('poison', state.refusal)
      return state === 'done'
    }
    if (await waitUntil(isDone, isLengthy ? lengthySeconds : maxSeconds)) return
    if (isLengthy && (await redis.exists(keys.aggregator)) === 1) return
    if (isLengthy && (await waitUntil(isDone, maxSeconds - lengthySeconds))) return
    throw new ScriptoriumError(
      'aggregator_missing',
      'the aggregator does not respond; it executes the command when it is back',
    )
  }
}

export type CommandClient = ReturnType<typeof createCommandClient>
