import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressFile } from '../../../../services/embedded/stack.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { connectPromptly } from '../../../../shared/redis/connection/redis.ts'
import { makeTinyPages } from '../pages/tiny-pages.ts'
import { bulkRoot, whileReading } from './bulk.ts'
import type { ResultOf } from './load/messages.ts'
import { startLoad } from './load/run.ts'
import { forgetPeak, residentOf } from './resident.ts'
import { withService, type BenchService } from './service.ts'
import type { ApiPart } from './setting.ts'
import { describeShares, withShares } from './shares.ts'

const targetMb = 50
const documents = 500
/** One stream in four disconnects after this many events. */
const cutShare = 0.25
const cutEvery = 40
/** Embedded services always use these keys. */
const keys = createKeys('scriptorium')

/** Many watchers of one run. */
export const streams: ApiPart = {
  name: 'streams',
  about: `RSS that --streams open event streams add to the API, and the events that they receive of a run of ${documents} documents`,
  async run(setting) {
    const folder = join(setting.workspace, 'followed')
    await makeTinyPages(folder, documents, new Date('2020-01-01T00:00:00Z'))
    const bulk = bulkRoot(setting)
    const roots = { SCRIPTORIUM_ROOTS: `${bulk['SCRIPTORIUM_ROOTS']},followed=${folder}` }
    return withService(setting, roots, (service) =>
      whileReading(setting, service, async () => {
        const { address, apiPid, client } = service
        await client.json('/v1/queue', pausing(true))
        const run = await client.startRun({ root: 'followed', priority: 'interactive' })
        const before = residentOf(apiPid).now
        forgetPeak(apiPid)
        const count = setting.streams
        const cut = Math.round(cutShare * count)
        const { value, shares } = await withShares(setting.workspace, async () => {
          const load = await startLoad(setting, {
            ...({
              kind: 'streams',
              address,
              path: run.links.events,
              count,
              cut,
              cutEvery,
            } as const),
          })
          await client.json('/v1/queue', pausing(false))
          return load.done
        })
        const added = (residentOf(apiPid).peak - before) / 1e6
        const told = await eventsOf(service, run.id)
        const { whole, other } = compare(value.result, told)
        return {
          kind: 'measured',
          figures: [
            {
              name: `RSS added by ${count} streams`,
              values: [added],
              unit: 'MB',
              target: { max: targetMb },
            },
            { name: 'events of the run', values: [told.length], unit: '' },
            {
              name: 'streams that got every one, once, in order',
              values: [whole],
              unit: `of ${count}`,
              target: { min: count },
            },
            {
              name: 'reconnections with Last-Event-ID',
              values: [value.result.reconnects],
              unit: '',
            },
          ],
          remarks: [
            `  processors, percent of one: ${describeShares(shares, value.cpuShare)}`,
            ...other.map((line) => `  ${line}`),
          ],
        }
      }),
    )
  },
}

const pausing = (paused: boolean): RequestInit => ({
  method: 'PUT',
  body: JSON.stringify({ paused }),
  headers: { 'content-type': 'application/json' },
})

/** The run's events in Redis: the reference for the streams. */
async function eventsOf({ data }: BenchService, runId: string): Promise<string[]> {
  const redis = await connectPromptly(readFileSync(addressFile(data), 'utf8'))
  const entries = await redis.xrange(keys.events(runId), '-', '+')
  redis.disconnect()
  return entries.map(([id]) => id)
}

function compare({ sequences }: ResultOf<'streams'>, told: readonly string[]) {
  const truth = told.join(' ')
  const isWhole = ({ ids }: { ids: string[] }): boolean => ids.join(' ') === truth
  const whole = sequences.filter(isWhole).reduce((sum, group) => sum + group.streams, 0)
  const other = sequences
    .filter((group) => !isWhole(group))
    .map(({ ids, streams: n }) => {
      const missing = told.filter((id) => !ids.includes(id)).length
      return `${n} streams got ${ids.length} events; ${missing} were missing, ${ids.length - new Set(ids).size} came twice`
    })
  return { whole, other }
}
