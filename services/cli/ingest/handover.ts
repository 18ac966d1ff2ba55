import { commandState, sendCommand } from '../../../shared/redis/commands.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import type { RunServices } from './run-services.ts'
import { submit } from './request.ts'

/** Timeouts for a run without any sign of progress, milliseconds. */
interface Patience {
  /** Then the run is handed over again, where its command is not waiting to be taken. */
  askAgainMs: number
  /** The user is informed after this time. */
  tellMs: number
  /** Then the ingest ends, where the run was to end anyway. */
  leaveMs: number
  /** Then the ingest ends. */
  giveUpMs: number
}

const patient: Patience = {
  askAgainMs: 5_000,
  tellMs: 10_000,
  leaveMs: 60_000,
  giveUpMs: 600_000,
}

interface Deps {
  services: Pick<RunServices, 'redis' | 'keys' | 'pdfPasswords' | 'where' | 'failure'>
  request: FolderRequest
  paths: readonly string[]
  pdfPassword: string | undefined
  /** Prints a line for the waiting user. */
  tell: (line: string) => void
  patience?: Patience
}

/**
 * Ensures that an aggregator takes a run: hands it over, and again when there is no progress. Its command, its list of
 * paths or its end may be lost in a Redis that was wiped, or with an aggregator that died; the aggregator identifies a
 * run by its id, starts it once, and publishes its end at each request.
 */
export function createHandover(deps: Deps) {
  const { services, request, paths, pdfPassword, tell, patience = patient } = deps
  const { redis, keys } = services
  const { runId } = request
  let isToEnd = false
  let hasAskedForEnd = false
  let lastCommand = ''
  let askedAt = Number.NEGATIVE_INFINITY
  let heardAt = performance.now()
  let isTold = false
  let refusal: string | undefined

  const ask = async (isKnown: boolean): Promise<void> => {
    askedAt = performance.now()
    try {
      if (!isKnown) lastCommand = await submit(services, request, { paths, pdfPassword })
      if (isToEnd) lastCommand = await sendCommand(redis, keys, { kind: 'interrupt', runId })
      hasAskedForEnd = isToEnd
      refusal = undefined
    } catch (thrown) {
      // Redis is full, or a replica for the moment: a refused command is sent again.
      lastCommand = ''
      refusal = toError(thrown).message
    }
  }

  const giveUp = async (quietMs: number): Promise<never> => {
    const isAlive = (await redis.exists(keys.aggregator)) === 1
    const why = refusal ?? (isAlive ? 'it runs, but does not accept the run' : 'it is not running')
    throw new ScriptoriumError(
      'aggregator_missing',
      `${services.where} has not answered for ${Math.round(quietMs / 1_000)} s (${why}); ` +
        'all recorded results are kept: start it, and repeat the command to continue',
    )
  }

  const complain = (): void => {
    if (!isTold)
      tell(
        `No answer from ${services.where}${refusal === undefined ? '' : ` (${refusal})`}; waiting.`,
      )
    isTold = true
  }

  return {
    /** Hands the run over for the first time. */
    begin: () => ask(false),
    /** From now on the run should end with the pages in hand. */
    end: (): void => {
      isToEnd = true
    },
    /** Called at each check, with whether the run showed progress. Rejects with `aggregator_missing` in the end. */
    async look(isHeard: boolean): Promise<void> {
      const now = performance.now()
      if (isHeard) {
        if (isTold) tell('It answers again; the run continues.')
        isTold = false
        heardAt = now
      }
      const quietMs = now - heardAt
      if (!isHeard && quietMs >= patience.tellMs) complain()
      // After Ctrl-C a person should not wait for long.
      const maxQuietMs = isToEnd ? patience.leaveMs : patience.giveUpMs
      if (!isHeard && quietMs >= maxQuietMs) await giveUp(quietMs)
      if (isToEnd && !hasAskedForEnd) return ask(true)
      const isDue = (!isHeard && quietMs >= patience.askAgainMs) || hasAskedForEnd
      if (!isDue || now - askedAt < patience.askAgainMs) return
      if ((await commandState(redis, keys, lastCommand)) !== 'waiting') await ask(isHeard)
    },
    /**
     * Waits for Redis's answer while it may still arrive. Rejects with the failure of the services, or with
     * `redis_unreachable` in the end.
     */
    async answer<T>(asked: Promise<T>): Promise<T> {
      const began = performance.now()
      for (;;) {
        const late = Promise.withResolvers<undefined>()
        const timer = setTimeout(() => late.resolve(undefined), lookMs)
        const found = await Promise.race([asked.then((value) => ({ value })), late.promise])
        clearTimeout(timer)
        const failure = services.failure()
        if (failure !== undefined) throw failure
        if (found !== undefined) return found.value
        if (performance.now() - began >= patience.tellMs) complain()
        if (performance.now() - began >= patience.giveUpMs) {
          const message = `Redis has not answered for ${Math.round(patience.giveUpMs / 1_000)} s`
          throw new ScriptoriumError(
            'redis_unreachable',
            `${message}; repeat the command to continue`,
          )
        }
      }
    },
  }
}

export type Handover = ReturnType<typeof createHandover>

const lookMs = 500
