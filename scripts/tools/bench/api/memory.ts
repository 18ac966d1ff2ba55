import { setTimeout as delay } from 'node:timers/promises'
import { slope } from '../../common/statistics.ts'
import { startLoad } from './load/run.ts'
import { residentOf } from './resident.ts'
import { withService } from './service.ts'
import type { ApiPart } from './setting.ts'

const targets = { peakMb: 200, slopeMb: 1 }
const connections = 16
const bytes = 2_000
const everyMs = 100
/** Memory before every kind of work has been done says nothing about growth. */
const settledShare = 0.2
/** Garbage comes and goes: only the height of the peaks must not grow, one peak for each part of the uploads. */
const peaksInAll = 20

interface Sample {
  /** Share of the uploads sent by then. */
  at: number
  bytes: number
}

/** The API's memory over many uploads. */
export const apiMemory: ApiPart = {
  name: 'memory',
  about: 'RSS of the API over --uploads small uploads',
  run: (setting) =>
    withService(setting, {}, async ({ address, apiPid }) => {
      const count = setting.uploads
      const before = residentOf(apiPid).now
      const order = { kind: 'uploads', address, connections, count, bytes, everyMs: null } as const
      const load = await startLoad(setting, order)
      const samples: { ms: number; bytes: number }[] = []
      const over = new AbortController()
      const watching = (async () => {
        while (!over.signal.aborted) {
          samples.push({ ms: performance.now(), bytes: residentOf(apiPid).now })
          await delay(everyMs)
        }
      })()
      const { result, cpuShare } = await load.done.finally(() => over.abort())
      await watching
      const first = samples[0]?.ms ?? 0
      const whole = (samples.at(-1)?.ms ?? 0) - first
      const line = samples.map(({ ms, bytes: held }) => ({ at: (ms - first) / whole, bytes: held }))
      const growth = slope(
        peaks(line).map(({ at, bytes: held }) => ({ x: (at * count) / 1_000, y: held / 1e6 })),
      )
      return {
        kind: 'measured',
        figures: [
          { name: 'API RSS, before', values: [before / 1e6], unit: 'MB' },
          {
            name: 'API RSS, the most at any time',
            values: [residentOf(apiPid).peak / 1e6],
            unit: 'MB',
            target: { max: targets.peakMb },
          },
          {
            name: 'API RSS, as sampled',
            values: samples.map(({ bytes: held }) => held / 1e6),
            unit: 'MB',
          },
          {
            name: 'growth of its peaks',
            values: [growth],
            unit: 'MB per 1000 uploads',
            target: { max: targets.slopeMb },
          },
          {
            name: 'not accepted',
            values: [Object.values(result.refusals).reduce((sum, n) => sum + n, 0)],
            unit: '',
            target: { max: 0 },
          },
        ],
        remarks: [
          ...Object.entries(result.refusals).map(([name, n]) => `  ${n} times ${name}`),
          `  ${count} uploads of ${bytes} bytes on ${connections} connections in ${result.seconds.toFixed(0)} s ` +
            `(${(count / result.seconds).toFixed(0)} a second; load generator ${cpuShare.toFixed(0)} % of a processor)`,
        ],
      }
    }),
}

function peaks(line: readonly Sample[]): Sample[] {
  const settled = line.filter(({ at }) => at >= settledShare)
  const groups = Map.groupBy(settled, ({ at }) => Math.floor(at * peaksInAll))
  return [...groups].map(([group, samples]) => ({
    at: group / peaksInAll,
    bytes: Math.max(...samples.map((sample) => sample.bytes)),
  }))
}
