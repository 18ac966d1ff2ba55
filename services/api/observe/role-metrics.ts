import { Gauge, type Registry } from 'prom-client'
import { toError } from '../../../shared/process/errors.ts'
import { createLoopLag } from '../../../shared/process/waiting/loop-lag.ts'
import type { AggregatorSign, Heartbeat } from '../../../shared/redis/heartbeats.ts'

const states = ['reading', 'idle', 'paused'] as const

/** Exports the heartbeats of workers and aggregator, and the figures of this process beside them. */
export function createRoleMetrics(registers: Registry[]) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const ofRole = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['role'], registers })
  const workers = new Gauge({
    name: 'scriptorium_workers',
    help: 'Living workers by state',
    labelNames: ['state'],
    registers,
  })
  const memory = ofRole('scriptorium_resident_bytes', 'Memory of all processes of a role')
  const loopLag = ofRole(
    'scriptorium_loop_lag_seconds',
    'Longest delay of the event loop in a role',
  )
  const aggregators = gauge('scriptorium_aggregators', 'Living aggregators: 1 or 0')
  const isWritable = gauge('scriptorium_ledger_writable', 'Whether the ledger accepts writes')
  const pace = gauge('scriptorium_pages_per_minute', 'Pages read in the last minute')
  const open = gauge('scriptorium_open_documents', 'Open documents of active folder runs')
  const window = gauge('scriptorium_window', 'Maximum of open documents of one folder run')
  const own = createLoopLag()

  return {
    show(living: readonly Heartbeat[], sign: AggregatorSign | undefined): void {
      for (const state of states) {
        workers.set({ state }, living.filter((worker) => worker.state === state).length)
      }
      memory.set({ role: 'api' }, ownBytes() ?? 0)
      memory.set({ role: 'aggregator' }, sign?.rssBytes ?? 0)
      memory.set({ role: 'worker' }, sum(living.map(({ rssBytes }) => rssBytes)))
      loopLag.set({ role: 'api' }, own.takeMs() / 1_000)
      loopLag.set({ role: 'aggregator' }, (sign?.loopLagMs ?? 0) / 1_000)
      const lags = living.map(({ loopLagMs = 0 }) => loopLagMs)
      loopLag.set({ role: 'worker' }, Math.max(0, ...lags) / 1_000)
      aggregators.set(sign === undefined ? 0 : 1)
      isWritable.set(sign?.isLedgerWritable === true ? 1 : 0)
      pace.set(sign?.pagesPerMinute ?? 0)
      open.set(sign?.openDocuments ?? 0)
      window.set(sign?.window ?? 0)
    },
    close: (): void => own.close(),
  }
}

/** Undefined where no file handle is left to read it: the other figures matter all the more. */
function ownBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch (thrown) {
    if (toError(thrown).message.includes('EMFILE')) return undefined
    throw thrown
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
