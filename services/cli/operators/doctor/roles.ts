import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toError } from '../../../../shared/process/errors.ts'
import { findHolder, nameHolder } from '../../../../shared/files/file-lock.ts'
import type { Keys } from '../../../../shared/redis/keys.ts'
import { createPageQueue } from '../../../../shared/redis/queue.ts'
import type { Redis } from '../../../../shared/redis/connection/redis.ts'
import { version } from '../../../../shared/process/version.ts'
import { ledgerFile, openLedger } from '../../../ledger/ledger.ts'
import { holderIn } from '../../../aggregator/lease/lease-holder.ts'
import { createFleetView } from '../../../api/state/fleet-view.ts'
import { ok, warning, wrong, type Check } from './check.ts'

const startAggregator = 'npx scriptorium serve, or docker compose up -d aggregator'
const startWorkers = 'docker compose up -d worker, or npx scriptorium workers'

/** Number of uncollected results above which workers pause. */
const fullStream = 2_000

/** Checks the roles that serve this Redis, by their heartbeats. */
export async function checkRoles(redis: Redis, keys: Keys): Promise<Check[]> {
  const queue = createPageQueue(redis, keys)
  try {
    const view = createFleetView(redis, keys, queue)
    const [sign, workers, uncollected, depth] = await Promise.all([
      view.aggregator(),
      view.workers(),
      view.uncollected(),
      queue.depth(),
    ])
    const waiting = depth.interactive + depth.bulk
    const others = new Set(
      workers.map((worker) => worker.version).filter((name) => name !== version),
    )
    const checks = [
      aggregatorCheck(sign),
      ...leaseChecks(await redis.get(keys.lease), sign),
      workers.length === 0
        ? warning('workers at work', `none; queued jobs: ${waiting}`, startWorkers)
        : others.size > 0
          ? warning(
              'workers at work',
              `${workers.length}, some of version ${[...others].join(', ')}`,
              `upgrade them to ${version}`,
            )
          : ok('workers at work', `${workers.length} on ${hostsOf(workers)}`),
    ]
    if (depth.isPaused) {
      const cure = `PUT /v1/queue {"paused": false}`
      checks.push(warning('queue', `paused; queued jobs: ${waiting}`, cure))
    } else checks.push(ok('queue', `queued jobs: ${waiting}; in progress: ${depth.active}`))
    if (uncollected >= fullStream) {
      const cure = 'check the aggregator and its log'
      checks.push(warning('results', `${uncollected} not collected: workers pause`, cure))
    }
    return checks
  } finally {
    await queue.close()
  }
}

type Sign = Awaited<ReturnType<ReturnType<typeof createFleetView>['aggregator']>>

function aggregatorCheck(sign: Sign): Check {
  const name = 'aggregator'
  if (sign === undefined) return warning(name, 'none serves this Redis', startAggregator)
  const who = `process ${sign.pid} on ${sign.host}, version ${sign.version}`
  if (!sign.isLedgerWritable) {
    const cure = 'free some disk space in SCRIPTORIUM_DATA, or make it writable; see its log'
    return wrong(name, `${who}: its ledger is not writable`, cure)
  }
  return sign.version === version
    ? ok(name, who)
    : warning(name, who, `upgrade it to ${version}: stop it, and start this version`)
}

/** Checks the lease of this prefix: its holder is the aggregator whose heartbeat is seen, or another one blocks it. */
function leaseChecks(value: string | null, sign: Sign): Check[] {
  if (value === null) return []
  const name = 'lease'
  const holder = holderIn(value)
  if (holder === undefined) {
    return [warning(name, 'held by another version', `upgrade its aggregator to ${version}`)]
  }
  const who = `process ${holder.pid} on ${holder.host}, with the ledger in ${holder.folder}`
  if (sign?.pid === holder.pid && sign.host === holder.host) return [ok(name, who)]
  const cure =
    'stop one of them, or give each its own SCRIPTORIUM_PREFIX; the lease of a dead process expires after 15 s'
  return [warning(name, `held by ${who}, not by the aggregator above`, cure)]
}

const hostsOf = (workers: readonly { host: string }[]): string =>
  [...new Set(workers.map(({ host }) => host))].join(', ')

/** A folder with a ledger: its holder, and whether this version can read it. */
export function checkLedger(folder: string): Check[] {
  if (!existsSync(ledgerFile(folder))) return [ok('ledger', `none in ${folder} yet`)]
  const holders = ['run.lock', 'aggregator.lock'].flatMap((name) => {
    const found = findHolder(join(folder, name))
    return found === undefined ? [] : [nameHolder(found.holder)]
  })
  const held = holders.length === 0 ? 'not in use' : `held by ${[...new Set(holders)].join(', ')}`
  try {
    openLedger(folder, { readOnly: true }).close()
    return [ok('ledger', `${ledgerFile(folder)}: ${held}`)]
  } catch (thrown) {
    const cure = 'start the version that wrote it, or npx scriptorium restore'
    return [wrong('ledger', toError(thrown).message, cure)]
  }
}
