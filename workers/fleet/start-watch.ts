import type { ChildProcess } from 'node:child_process'
import { hostname } from 'node:os'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { exitCodes, toError } from '../../shared/process/errors.ts'
import type { StartFailure } from '../../shared/redis/heartbeats.ts'
import { createKeys, ttl } from '../../shared/redis/keys.ts'
import type { Logger } from '../../shared/process/logger.ts'
import { idText, messageText } from '../../shared/contract/schema/bounded.ts'

interface Deps {
  /** Forwards a failure to the aggregator. */
  tell: (failure: StartFailure) => Promise<void>
  /** A process that forked the fleet ends the run on the exit code of a configuration error; pausing it, too, is a race. */
  hasParent: boolean
  log: Logger
}

/** Messages from a worker to its fleet: it is ready, or the reason why it exits. */
const messageSchema = Type.Union([
  Type.Object({ kind: Type.Literal('ready') }),
  Type.Object({ kind: Type.Literal('failed'), code: idText, message: messageText }),
])

/** One or two workers may be killed while they start; three in a row that were never ready share a cause. */
const minDeaths = 3

/**
 * Detects workers that exit before they are ready, one after the other: a damaged model, too little memory. No worker
 * reads then, and no other process knows the reason: runs pause with it instead of waiting.
 */
export function createStartWatch({ tell, hasParent, log }: Deps) {
  let deaths = 0
  let telling: Promise<void> = Promise.resolve()

  const report = ({ code, message }: Pick<StartFailure, 'code' | 'message'>): void => {
    const failure = { host: hostname(), deaths, code, message }
    telling = tell(failure).catch((thrown: unknown) =>
      log.warn({ err: toError(thrown) }, 'reporting failed worker starts to Redis failed'),
    )
  }

  return {
    /** Watches one worker process from its start. */
    watch(child: ChildProcess): void {
      let isReady = false
      let said: Pick<StartFailure, 'code' | 'message'> | undefined
      child.on('message', (message: unknown) => {
        if (!Value.Check(messageSchema, message)) return
        if (message.kind === 'failed') said = message
        else {
          isReady = true
          deaths = 0
        }
      })
      child.once('exit', (code, signal) => {
        if (isReady || code === exitCodes.done) return
        deaths += 1
        const isMisconfigured = code === exitCodes.configuration
        if (isMisconfigured && hasParent) return
        // On a configuration error the fleet itself exits: there will be no third.
        if (deaths < minDeaths && !isMisconfigured) return
        const how = signal === null ? `exit code ${String(code)}` : signal
        report(said ?? { code: 'worker_crash', message: `exited during start (${how})` })
      })
    },
    /** Waits until the last message has been forwarded. */
    close: (): Promise<void> => telling,
  }
}

const redisDeadlineMs = 5_000

/**
 * A fleet writes to Redis only here, so it holds no connection; the client itself takes 20 MB that most fleets never
 * need.
 */
export const tellThrough =
  (url: string, prefix: string) =>
  async (failure: StartFailure): Promise<void> => {
    const { connectPromptly } = await import('../../shared/redis/connection/redis.ts')
    const redis = await connectPromptly(url, redisDeadlineMs)
    const key = createKeys(prefix).startFailure
    try {
      await redis.set(key, JSON.stringify(failure), 'EX', ttl.startFailure)
    } finally {
      redis.disconnect()
    }
  }
