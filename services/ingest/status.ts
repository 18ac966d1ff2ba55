import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { exitCodes, ScriptoriumError } from '../../shared/errors.ts'
import { createKeys } from '../../shared/keys.ts'
import type { Progress } from '../../shared/messages.ts'
import { connectPromptly, type Redis } from '../../shared/redis.ts'
import type { RunReport } from '../../shared/report.ts'
import { ledgerFile, openLedger } from '../aggregator/ledger/ledger.ts'
import { stateFolder } from '../aggregator/outputs/files.ts'
import { addressFile } from '../embedded/stack.ts'
import { parseRunReport, readProgress, readReport } from './follow.ts'
import { outHash } from './joined-services.ts'
import { formatSummary } from './summary.ts'
import { formatSeconds } from './view.ts'

/** How a run stands: going on, or ended with this report, or neither. */
export type RunStatus =
  | { state: 'active'; progress: Progress }
  | { state: 'ended'; report: RunReport }
  | { state: 'cut off'; startedAt: string; open: number }

const liveDeadlineMs = 1_000

/**
 * Tells about the run that wrote an output folder last: live through Redis, else from the ledger.
 * Throws `input_unreadable` where no run has ever written there.
 */
export async function findStatus(out: string, environment: NodeJS.ProcessEnv): Promise<RunStatus> {
  const folder = resolve(out)
  const url = environment['REDIS_URL'] || liveAddress(folder)
  if (url !== undefined) {
    const prefix = environment['SCRIPTORIUM_PREFIX'] ?? 'scriptorium'
    const redis = await connectPromptly(url, liveDeadlineMs).catch(() => undefined)
    const live =
      redis && (await statusFromRedis(redis, prefix, folder).finally(() => redis.disconnect()))
    if (live !== undefined) return live
  }
  const fromLedger = statusFromLedger(folder)
  if (fromLedger !== undefined) return fromLedger
  throw new ScriptoriumError('input_unreadable', `no run has written to ${folder} yet`)
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
  const report = await readReport(redis, keys, runId)
  if (report !== undefined) return { state: 'ended', report }
  const progress = await readProgress(redis, keys, runId)
  return progress === undefined ? undefined : { state: 'active', progress }
}

function statusFromLedger(out: string): RunStatus | undefined {
  if (!existsSync(ledgerFile(stateFolder(out)))) return undefined
  const ledger = openLedger(stateFolder(out), { readOnly: true })
  try {
    const run = ledger.runs.latest(out)
    if (run === undefined) return undefined
    if (run.report !== null) return { state: 'ended', report: parseRunReport(run.report) }
    return { state: 'cut off', startedAt: run.startedAt, open: ledger.documents.countOpen(run.id) }
  } finally {
    ledger.close()
  }
}

/** A run's state as people read it. */
export function formatStatus(found: RunStatus): string {
  switch (found.state) {
    case 'ended':
      return formatSummary(found.report).trimStart()
    case 'cut off':
      return (
        `Started ${found.startedAt} and cut off with ${found.open} documents open. ` +
        'The same ingest command goes on where it stopped.'
      )
    case 'active': {
      const { planned, done, failed, unchanged, pagesPerSecond, etaSeconds, planningDone } =
        found.progress
      const left = etaSeconds === null ? 'unknown' : formatSeconds(etaSeconds)
      return (
        `Running: ${done + failed} of ${planned}${planningDone ? '' : '+'} done, ${failed} failed, ` +
        `${unchanged} unchanged, ${pagesPerSecond} pages/s, time left ${left}.`
      )
    }
  }
}

/** The status as text, or as JSON for scripts. */
export async function status(
  commandLine: readonly string[],
  environment: NodeJS.ProcessEnv,
  stdout: NodeJS.WriteStream,
): Promise<number> {
  const [out, ...rest] = commandLine.filter((argument) => argument !== '--json')
  if (out === undefined || rest.length > 0) {
    throw new ScriptoriumError('bad_arguments', 'usage: npm run status -- OUT [--json]')
  }
  const found = await findStatus(out, environment)
  const isJson = commandLine.includes('--json')
  stdout.write(`${isJson ? JSON.stringify(found) : formatStatus(found)}\n`)
  return exitCodes.done
}
