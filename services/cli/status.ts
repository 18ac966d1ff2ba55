import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ScriptoriumError, toError } from '../../shared/process/errors.ts'
import { findHolder, nameHolder } from '../../shared/files/file-lock.ts'
import { requireReadable } from '../../shared/files/folder-access.ts'
import { createKeys } from '../../shared/redis/keys.ts'
import type { Progress } from '../../shared/contract/messages/progress.ts'
import { printable } from '../../shared/process/printable.ts'
import { connectPromptly, type Redis } from '../../shared/redis/connection/redis.ts'
import type { RunReport } from '../../shared/contract/report.ts'
import { stateFolder } from '../outputs/files/output-files.ts'
import { addressFile } from '../embedded/stack.ts'
import { newCommand, type Common } from './command.ts'
import type { Host } from './host.ts'
import { parseRunReport, readProgress, readReport } from './ingest/follow.ts'
import { lookAtLedger } from './ingest/look-at-ledger.ts'
import { runLock } from './ingest/own-processes.ts'
import { outHash } from './ingest/run-services.ts'
import { formatSummary } from './ingest/show/summary.ts'
import { formatSeconds } from './ingest/show/view.ts'

/**
 * The state of a run: active, ended with this report, or neither. `held`: active, and only its owner can see its
 * progress.
 */
type RunStatus =
  | { state: 'active'; progress: Progress }
  | { state: 'held'; startedAt: string; open: number; by: string }
  | { state: 'ended'; report: RunReport }
  /** The aggregator is not running. */
  | { state: 'waiting'; runId: string }
  | { state: 'cut off'; startedAt: string; open: number }

const liveDeadlineMs = 1_000

/**
 * Shows the run that wrote an output folder last: live through Redis, else from the ledger.
 * Throws `input_unreadable` where the folder or its ledger cannot be read, or no run there is known,
 * `redis_unreachable` where only Redis could know.
 */
export async function findStatus(out: string, environment: NodeJS.ProcessEnv): Promise<RunStatus> {
  const folder = existsSync(out) ? realpathSync(out) : resolve(out)
  const shared = environment['REDIS_URL']
  const live = await liveStatus(folder, shared || liveAddress(folder), environment)
  if (live !== undefined && !(live instanceof Error)) return live
  const fromLedger = statusFromLedger(folder)
  if (fromLedger !== undefined) return fromLedger
  if (shared && live !== undefined) throw live
  requireReadable('OUT', folder, 'input_unreadable')
  throw new ScriptoriumError('input_unreadable', `no run that wrote to ${folder} is known`)
}

/** The error is that of a Redis which does not answer: of a run that was killed, or of another user. */
async function liveStatus(
  out: string,
  url: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<RunStatus | Error | undefined> {
  if (url === undefined) return undefined
  const prefix = environment['SCRIPTORIUM_PREFIX'] ?? 'scriptorium'
  const redis = await connectPromptly(url, liveDeadlineMs).catch(toError)
  if (redis instanceof Error) return redis
  return statusFromRedis(redis, prefix, out).finally(() => redis.disconnect())
}

function liveAddress(out: string): string | undefined {
  const file = addressFile(stateFolder(out))
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

async function statusFromRedis(
  redis: Redis,
  prefix: string,
  out: string,
): Promise<RunStatus | undefined> {
  const keys = createKeys(prefix)
  const runId = await redis.get(keys.latestRun(outHash(out)))
  if (runId === null) return undefined
  // In this order, because a resumed run still has the report of its first end.
  const progress = await readProgress(redis, keys, runId)
  if (progress?.state === 'active') return { state: 'active', progress }
  const report = await readReport(redis, keys, runId)
  if (report !== undefined) return { state: 'ended', report }
  const isAlive = (await redis.exists(keys.aggregator)) === 1
  return isAlive ? undefined : { state: 'waiting', runId }
}

function statusFromLedger(out: string): RunStatus | undefined {
  const folder = stateFolder(out)
  return lookAtLedger(folder, ({ runs, documents }): RunStatus | undefined => {
    const run = runs.latest(out)
    if (run === undefined) return undefined
    if (run.report !== null) return { state: 'ended', report: parseRunReport(run.report) }
    const { startedAt } = run
    const open = documents.countOpen(run.id)
    const held = findHolder(join(folder, runLock))
    if (held === undefined) return { state: 'cut off', startedAt, open }
    return { state: 'held', startedAt, open, by: nameHolder(held.holder) }
  })
}

/** A run's state as people read it. */
export function formatStatus(found: RunStatus): string {
  switch (found.state) {
    case 'ended':
      return formatSummary(found.report).trimStart()
    case 'waiting':
      return (
        `Run ${found.runId} waits: its aggregator does not run. ` +
        'All recorded results are kept, and the run continues when the aggregator is back.'
      )
    case 'cut off':
      return (
        `Started ${found.startedAt} and interrupted with ${found.open} documents open. ` +
        'Repeat the ingest command to continue.'
      )
    case 'held':
      return `Running since ${found.startedAt} (${found.by}): ${found.open} of the documents found so far are open.`
    case 'active': {
      const { planned, done, failed, unchanged, pagesPerSecond, etaSeconds, planningDone } =
        found.progress
      const { error } = found.progress
      const blocked = error === null ? '' : ` Waiting: ${error.message}`
      const left = etaSeconds === null ? 'unknown' : formatSeconds(etaSeconds)
      return (
        `Running: ${done + failed} of ${planned}${planningDone ? '' : '+'} done, ${failed} failed, ` +
        `${unchanged} unchanged, ${pagesPerSecond} pages/s, time left ${left}.${blocked}`
      )
    }
  }
}

/** `status`: as text, or as JSON for scripts. */
export const statusCommand = ({ environment, stdout }: Pick<Host, 'environment' | 'stdout'>) =>
  newCommand('status', { quiet: 'print errors only: the exit code shows whether a run is known' })
    .description(
      'Shows the progress of the run that writes to an output folder, or the report of the last one.',
    )
    .argument('<out>', 'output folder of ingest')
    .option('--json', 'print JSON')
    .action(async (out: string, { quiet, json = false }: Common & { json?: boolean }) => {
      const found = await findStatus(out, environment)
      if (quiet) return
      stdout.write(`${json ? JSON.stringify(found) : printable(formatStatus(found))}\n`)
    })
