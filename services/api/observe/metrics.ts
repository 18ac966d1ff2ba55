import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { explain } from '../../../shared/process/causes.ts'
import type { ErrorCode } from '../../../shared/process/errors.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import { readMeasures } from '../../../shared/redis/measures.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Spool } from '../../../shared/files/spool.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Tally } from '../../ledger/queries/tallies.ts'
import type { DemandView } from '../state/demand.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import { createLimitMetrics } from './limit-metrics.ts'
import { createRoleMetrics } from './role-metrics.ts'
import { createSpoolSize } from './spool-size.ts'
import { toPrometheusText } from './stored-metrics.ts'
import type { ServiceLimits } from '../limits/limits.ts'
import type { SpoolRoom } from '../limits/spool-room.ts'
import type { FleetView } from '../state/fleet-view.ts'

interface Deps {
  redis: Redis
  keys: Keys
  fleet: FleetView
  queue: PageQueue
  limits: ServiceLimits
  room: SpoolRoom
  spool: Pick<Spool, 'inputs'>
  ledger: LedgerView
  demand: DemandView
}

/** Fine at the fast end, where answers should be, and up to long polls; seconds. */
const buckets = [0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120]

/** Metrics for Prometheus: all roles, the queue, requests, and this process. `docs/metrics.md` lists them. */
export function createMetrics(deps: Deps) {
  const { redis, keys, fleet, queue, limits, room, ledger, demand } = deps
  const registry = new Registry()
  // The default samples the event loop a hundred times a second, which is most of the work of an idle API.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 })
  const registers = [registry]
  const requests = new Histogram({
    name: 'scriptorium_http_request_seconds',
    help: 'Time to answer a request, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers,
  })
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers })
  const jobs = new Gauge({
    name: 'scriptorium_jobs',
    help: 'Jobs on the queue by state',
    labelNames: ['state'],
    registers,
  })
  const oldest = gauge('scriptorium_oldest_job_seconds', 'How long the first waiting job waits')
  const work = gauge('scriptorium_work_seconds', 'Waiting work, seconds of one worker')
  const wanted = gauge('scriptorium_wanted_workers', 'Workers that would do it in time')
  const uncollected = gauge('scriptorium_results_uncollected', 'Results not yet recorded')
  const spooled = gauge('scriptorium_spool_bytes', 'Uploaded files in the spool')
  const roles = createRoleMetrics(registers)
  const showLimits = createLimitMetrics({ limits, registers })
  const spoolSize = createSpoolSize(deps.spool.inputs)
  /** Counters must not decrease while the ledger is unavailable. */
  let totals: readonly Tally[] = []

  const look = async (): Promise<void> => {
    const [{ isPaused: _, oldestAt, ...counts }, living, results, sign, bytes] = await Promise.all([
      queue.depth(),
      fleet.workers(),
      fleet.uncollected(),
      fleet.aggregator(),
      spoolSize.bytes(),
      room.look(),
    ])
    for (const [state, count] of Object.entries(counts)) jobs.set({ state }, count)
    oldest.set(oldestAt === null ? 0 : Math.max(0, (Date.now() - oldestAt) / 1_000))
    const { workSeconds, wantedWorkers } = demand.of(counts)
    work.set(workSeconds)
    wanted.set(wantedWorkers)
    roles.show(living, sign)
    uncollected.set(results)
    spooled.set(bytes ?? 0)
    limits.note('queue_jobs', counts.interactive + counts.bulk)
    limits.note('uncollected_results', results)
    limits.note('webhooks', fromLedger(ledger, ({ webhooks }) => webhooks.count()) ?? 0)
    totals = fromLedger(ledger, ({ tallies }) => tallies.totals()) ?? totals
    showLimits()
  }

  return {
    contentType: registry.contentType,
    observe(method: string, route: string, status: number, seconds: number): void {
      requests.observe({ method, route, status }, seconds)
    },
    async collect(): Promise<string> {
      const [measures] = await Promise.all([readMeasures(redis, keys), look()])
      return `${await registry.metrics()}\n${toPrometheusText(measures, totals)}`
    },
    close: (): void => roles.close(),
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** Codes of a ledger that cannot be read, or cannot be opened for want of file handles. */
const away: readonly ErrorCode[] = ['ledger_unavailable', 'storage_unavailable']

/** Undefined while the ledger is unavailable: the other figures matter all the more. */
function fromLedger<T>(ledger: LedgerView, read: (opened: Ledger) => T): T | undefined {
  try {
    return read(ledger.get())
  } catch (thrown) {
    if (away.includes(explain(thrown).code)) return undefined
    throw thrown
  }
}
