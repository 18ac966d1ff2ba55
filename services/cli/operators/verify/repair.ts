import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { sendCommand } from '../../../../shared/redis/commands.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { nameHolder, type Holder } from '../../../../shared/files/file-lock.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { createLogger } from '../../../../shared/process/logger.ts'
import { connectPromptly } from '../../../../shared/redis/connection/redis.ts'
import { emptyTexts } from '../../../ledger/copies/audit.ts'
import { openLedger } from '../../../ledger/ledger.ts'
import { createPublisher } from '../../../outputs/publish/publisher.ts'
import { replanAndReopen } from '../../../aggregator/planning/replan.ts'
import { rewriteOutputs } from '../../../outputs/publish/rewrite-outputs.ts'
import { writeResults } from '../../../outputs/publish/write-results.ts'
import { addressFile } from '../../../embedded/stack.ts'
import { takeLocks } from '../locks.ts'
import type { Finding } from './finding.ts'

interface Deps {
  /** Folder of the ledger. */
  folder: string
  environment: NodeJS.ProcessEnv
}

/** Documents that are read again: by the next ingest, or by the service. */
interface Repaired {
  reread: string[]
}

const documentsAtATime = 500
/** The aggregator writes some hundred documents a second; without progress for this long, it does not work. */
const answerMs = 300_000
const lookEveryMs = 100

/**
 * Repairs findings from the ledger. A ledger has one writer: this process, if no other holds the folder, or the
 * aggregator that does, which gets a command.
 */
export async function repair(findings: readonly Finding[], deps: Deps): Promise<Repaired> {
  const ids = (how: Finding['repair']): string[] => [
    ...new Set(findings.flatMap((each) => (each.repair === how ? (each.documentId ?? []) : []))),
  ]
  const reread = ids('reread')
  const rewrite = ids('rewrite').filter((id) => !reread.includes(id))
  const locks = takeLocks(deps.folder)
  const tidy = findings.some((each) => each.repair === 'tidy')
  if ('holder' in locks) return askAggregator({ rewrite, reread, tidy }, deps, locks.holder)
  try {
    return await repairHere(findings, rewrite, reread, deps)
  } finally {
    locks.release()
  }
}

async function repairHere(
  findings: readonly Finding[],
  rewrite: readonly string[],
  reread: readonly string[],
  { folder }: Deps,
): Promise<Repaired> {
  const log = createLogger('verify', 'silent')
  const has = (how: Finding['repair']): boolean => findings.some((each) => each.repair === how)
  for (const { path, repair: how } of findings) if (how === 'remove') rmSync(path, { force: true })
  if (has('reindex')) emptyTexts(folder)
  const ledger = openLedger(folder)
  try {
    if (has('tidy')) ledger.tidy()
    const publisher = createPublisher(ledger, () => undefined, log)
    await rewriteOutputs(ledger, publisher, rewrite)
    const rows = reread.flatMap((id) => ledger.documents.get(id) ?? [])
    const planned = replanAndReopen(ledger, rows)
    for (const out of new Set(findings.flatMap(({ combinedOf }) => combinedOf ?? []))) {
      const run = ledger.runs.latest(out)
      if (run !== undefined) await writeResults({ ledger, publisher, log }, run, undefined)
    }
    return { reread: planned }
  } finally {
    ledger.close()
  }
}

/** Asks for the repairs. The aggregator removes leftovers by itself; a run writes its own combined files. */
async function askAggregator(
  { rewrite, reread, tidy }: { rewrite: string[]; reread: string[]; tidy: boolean },
  { folder, environment }: Deps,
  holder: Holder | undefined,
): Promise<Repaired> {
  const address = addressFile(folder)
  const url =
    environment['REDIS_URL'] || (existsSync(address) ? readFileSync(address, 'utf8') : undefined)
  if (url === undefined) {
    const message = `${folder} is in use by ${nameHolder(holder)}; set REDIS_URL, so that its aggregator can repair it, or stop that process`
    throw new ScriptoriumError('output_held', message)
  }
  const redis = await connectPromptly(url)
  try {
    const keys = createKeys(environment['SCRIPTORIUM_PREFIX'] || 'scriptorium')
    const length = Math.max(rewrite.length, reread.length, tidy ? 1 : 0)
    for (let at = 0; at < length; at += documentsAtATime) {
      const part = (ids: readonly string[]): string[] => ids.slice(at, at + documentsAtATime)
      const parts = { rewrite: part(rewrite), reread: part(reread), tidy: tidy && at === 0 }
      const command = { kind: 'repair', ...parts } as const
      const id = await sendCommand(redis, keys, command)
      const deadline = performance.now() + answerMs
      // The aggregator deletes the command from the stream once it is done.
      while ((await redis.xrange(keys.commands, id, id)).length > 0) {
        if (performance.now() > deadline) {
          const message = `the aggregator of ${folder} (${nameHolder(holder)}) does not answer; see its log`
          throw new ScriptoriumError('aggregator_missing', message)
        }
        await delay(lookEveryMs)
      }
    }
    return { reread }
  } finally {
    redis.disconnect()
  }
}
