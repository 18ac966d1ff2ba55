import { setTimeout as delay } from 'node:timers/promises'
import type { createCommandReader } from '../../../shared/redis/commands.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Command } from '../../../shared/contract/messages/command.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { workItems } from '../../ledger/work-items.ts'

interface Deps {
  commands: ReturnType<typeof createCommandReader>
  handle: (command: Command) => Promise<void>
  /** Tells the client that waits for a run why it does not begin. */
  refuse: (runId: string, why: Error) => Promise<void>
  /** Records the command in progress. */
  hands?: Pick<Hands, 'around'>
  log: Lines
}

const blockMs = 5_000
const pauseMs = 1_000

/** Takes commands from the stream, in order; retries one that cannot be executed yet before it takes the next. */
export function createCommandTaker({ commands, handle, refuse, hands = freeHands, log }: Deps) {
  /** A read that waits for an unreachable Redis never settles once its connection is closed (ioredis 6). */
  const nextUntil = (stopping: AbortSignal, waitMs: number): ReturnType<typeof commands.next> => {
    const stopped = Promise.withResolvers<[]>()
    const stop = (): void => stopped.resolve([])
    stopping.addEventListener('abort', stop)
    if (stopping.aborted) stop()
    return Promise.race([commands.next(waitMs), stopped.promise]).finally(() =>
      stopping.removeEventListener('abort', stop),
    )
  }

  /** Returns why a command is set aside; undefined otherwise. */
  const handleOrRefuse = async (id: string, command: Command): Promise<string | undefined> => {
    const runId = command.kind === 'start' ? command.request.runId : undefined
    try {
      // The client of a run sends a lost command again.
      await hands.around(workItems.command(runId ?? id), () => handle(command))
      return undefined
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError) || thrown.code !== 'poison') throw thrown
      log.error({ kind: command.kind, runId, err: thrown }, 'command set aside as poison')
      if (runId !== undefined) await refuse(runId, thrown)
      return thrown.message
    }
  }

  /** Returns false where taking failed: Redis or the ledger rejects it. */
  const take = async (waitMs: number, stopping: AbortSignal): Promise<boolean> => {
    try {
      for (const { id, command, runId } of await nextUntil(stopping, waitMs)) {
        if (command instanceof Error) {
          log.error({ err: command, runId }, 'malformed command dropped')
          if (runId !== undefined) await refuse(runId, command)
          await commands.forget(id)
        } else await commands.forget(id, await handleOrRefuse(id, command))
      }
      return true
    } catch (thrown) {
      if (!stopping.aborted) log.error({ err: toError(thrown) }, 'taking commands failed, retrying')
      return false
    }
  }
  return {
    /** Takes the present commands, without waiting for more. */
    takeWaiting: (stopping: AbortSignal) => take(1, stopping),
    /** Takes commands until `stopping`. */
    async run(stopping: AbortSignal): Promise<void> {
      while (!stopping.aborted) {
        if (!(await take(blockMs, stopping)) && !stopping.aborted) await delay(pauseMs)
      }
    },
  }
}
