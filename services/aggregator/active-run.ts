import { toError } from '../../shared/errors.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Redis } from '../../shared/redis.ts'
import type { RunReport } from '../../shared/report.ts'
import type { Announcer } from './announcer.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'
import { writeCombined } from './outputs/combined.ts'
import type { Finished } from './outputs/format.ts'
import { documentOf, inputOf } from './outputs/from-ledger.ts'
import { createPdfPasswords } from './pdf-password.ts'
import type { Publisher } from './publisher.ts'
import type { createPlanner } from './planner.ts'
import { createRunProgress } from './run-progress.ts'
import { buildReport } from './run-report.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  publisher: Publisher
  announcer: Announcer
  plan: ReturnType<typeof createPlanner>
  onEnd: (runId: string) => void
  log: Logger
}

/** A run while it is going on: its planner, its progress, and its end. */
export function startRun(deps: Deps, run: Run) {
  const { ledger, redis, keys, publisher, announcer, plan, onEnd, log } = deps
  const { dryRun, combined, formats, out } = run.request
  const progress = createRunProgress(redis, keys, run, {
    final: ledger.documents.countFinal(run.id),
    pagesRead: ledger.pages.count(run.id),
    unavailable: ledger.documents.countUnavailable(run.id),
  })
  const planning = new AbortController()
  let isEnding = false
  let isCancelled = false
  if (!dryRun) publisher.filesOf(out).sweep()

  const end = async (state: RunReport['state']): Promise<void> => {
    if (isEnding) return
    isEnding = true
    planning.abort()
    const report = buildReport(ledger, run, progress.snapshot(), state)
    if (combined && state === 'finished' && !dryRun) {
      const password = await createPdfPasswords(redis, keys)(run)
      await writeCombined({
        out,
        temporary: publisher.filesOf(out).temporary,
        formats,
        documents: () => everyDocument(ledger, out, password),
        onLeftOut: (path, err) => log.warn({ path, err }, 'left out of results.pdf'),
      })
    }
    const text = JSON.stringify(report)
    if (!dryRun) {
      ledger.transaction(() => {
        ledger.runs.end(run.id, state, text)
        announcer.runEnded(run, state, report.outcomes)
      })
    }
    await redis.set(keys.report(run.id), text, 'EX', ttl.finishedRun)
    await redis.del(keys.secret(run.id))
    await progress.close(state)
    log.info(
      { runId: run.id, state, outcomes: report.outcomes, seconds: report.seconds },
      'run ended',
    )
    onEnd(run.id)
  }

  const endIfDone = (): void => {
    const { planningDone } = progress.snapshot()
    if (isCancelled) return
    if (planningDone && (dryRun || progress.outstanding() === 0)) void finish()
  }

  const finish = (): Promise<void> =>
    end('finished').catch((thrown: unknown) => {
      isEnding = false // The disk may have been full; the next reconciling pass tries again.
      log.error({ err: toError(thrown) }, 'the run cannot be ended')
    })

  const done = plan(run, progress, planning.signal).then(endIfDone, async (thrown: unknown) => {
    if (planning.signal.aborted) return
    log.error({ runId: run.id, err: toError(thrown) }, 'planning failed')
    await refuse(thrown)
  })

  const refuse = async (thrown: unknown): Promise<void> => {
    isEnding = true
    const error = { code: 'internal', message: `planning failed: ${toError(thrown).message}` }
    if (!dryRun) ledger.runs.end(run.id, 'interrupted', null)
    await progress.close('refused', error)
    onEnd(run.id)
  }

  return {
    run,
    progress,
    endIfDone,
    /** Plans no further and sums up what is there; a later run goes on from the ledger. */
    interrupt: () => end('interrupted'),
    /** Plans no further, has `endDocuments` end what is open, and sums up. */
    async cancel(endDocuments: () => Promise<void>): Promise<void> {
      isCancelled = true
      planning.abort()
      await done
      await endDocuments()
      await end('cancelled')
    },
    /** Stops with the process; the run goes on when the aggregator is started again. */
    async stop(): Promise<void> {
      planning.abort()
      progress.stop()
      await done
    },
  }
}

export type ActiveRun = ReturnType<typeof startRun>

function* everyDocument(
  ledger: Ledger,
  out: string,
  password: string | undefined,
): Generator<Finished> {
  for (const row of ledger.documents.finished(out)) {
    const request = ledger.runs.get(row.run_id)?.request
    if (request === undefined) continue
    yield { document: documentOf(ledger, row, request), input: inputOf(row, request, password) }
  }
}
