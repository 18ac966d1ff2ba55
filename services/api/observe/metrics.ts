import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { explain } from '../../../shared/process/causes.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import { createLimitMetrics } from './limit-metrics.ts'
import type { ServiceLimits } from '../limits/limits.ts'
import type { SpoolRoom } from '../limits/spool-room.ts'
import type { FleetView } from '../state/fleet-view.ts'

interface Deps {
  fleet: FleetView
  queue: PageQueue
  limits: ServiceLimits
  room: SpoolRoom
  ledger: LedgerView
}

/** Fine at the fast end, where answers should be, and up to long polls; seconds. */
const buckets = [0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120]

/** Metrics for Prometheus: requests, the queue, the fleet, and this process. */
export function createMetrics({ fleet, queue, limits, room, ledger }: Deps) {
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
  const workers = new Gauge({
    name: 'scriptorium_workers',
    help: 'Living workers by state',
    labelNames: ['state'],
    registers,
  })
  const workerMemory = gauge('scriptorium_workers_resident_bytes', 'Memory of all workers')
  const uncollected = gauge('scriptorium_results_uncollected', 'Results not yet recorded')
  const pace = gauge('scriptorium_pages_per_minute', 'Pages read in the last minute')

  const showLimits = createLimitMetrics({ limits, registers })

  const look = async (): Promise<void> => {
    const [{ isPaused: _, oldestAt, ...counts }, living, results, sign] = await Promise.all([
      queue.depth(),
      fleet.workers(),
      fleet.uncollected(),
      fleet.aggregator(),
      room.look(),
    ])
    for (const [state, count] of Object.entries(counts)) jobs.set({ state }, count)
    oldest.set(oldestAt === null ? 0 : Math.max(0, (Date.now() - oldestAt) / 1_000))
    for (const state of ['reading', 'idle', 'paused']) {
      workers.set({ state }, living.filter((worker) => worker.state === state).length)
    }
    workerMemory.set(living.reduce((sum, { rssBytes }) => sum + rssBytes, 0))
    uncollected.set(results)
    pace.set(sign?.pagesPerMinute ?? 0)
    limits.note('queue_jobs', counts.interactive + counts.bulk)
    limits.note('uncollected_results', results)
    limits.note('webhooks', countWebhooks(ledger))
    showLimits()
  }

  return {
    contentType: registry.contentType,
    observe(method: string, route: string, status: number, seconds: number): void {
      requests.observe({ method, route, status }, seconds)
    },
    async collect(): Promise<string> {
      await look()
      return registry.metrics()
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

function countWebhooks(ledger: LedgerView): number {
  try {
    return ledger.get().webhooks.count()
  } catch (thrown) {
    // The ledger is unavailable: the other figures matter all the more.
    if (explain(thrown).code === 'ledger_unavailable') return 0
    throw thrown
  }
}
