import { percentile } from '../../common/statistics.ts'
import type { Figure } from '../run/setting.ts'
import { bulkRoot, whileReading } from './bulk.ts'
import type { ResultOf } from './load/messages.ts'
import { runLoad, startLoad } from './load/run.ts'
import { withService, type BenchService } from './service.ts'
import type { ApiPart, ApiSetting } from './setting.ts'
import { describeShares, withShares } from './shares.ts'

const targets = { uploadMs: 100, getMs: 15 }
const connections = 50
const megabyte = 1_000_000
/** Share of the closed loop's throughput that the machine sustains beside the fleet without falling behind. */
const openLoopShare = 0.5
const getEveryMs = 20
const warmUp = 50

type Way = 'closed loop' | 'open loop'

interface Measured {
  way: Way
  uploads: ResultOf<'uploads'>
  gets: ResultOf<'gets'>
  shares: string
}

/** Uploads and queries while every core reads. */
export const uploads: ApiPart = {
  name: 'uploads',
  about: `1 MB uploads on ${connections} connections, and GET of a document, while the fleet reads a bulk run`,
  run: (setting) =>
    withService(setting, bulkRoot(setting), (service) =>
      whileReading(setting, service, async () => {
        const measured: Measured[] = []
        const order = {
          kind: 'uploads',
          address: service.address,
          connections,
          bytes: megabyte,
        } as const
        await runLoad(setting, { ...order, count: warmUp, everyMs: null })
        for (let round = 1; round <= setting.rounds; round += 1) {
          const closed = await measure(setting, service, 'closed loop', null)
          const perSecond = rateOf(closed)
          const open = await measure(
            setting,
            service,
            'open loop',
            1_000 / (openLoopShare * perSecond),
          )
          measured.push(closed, open)
        }
        return { kind: 'measured', figures: toFigures(measured), remarks: remarksOf(measured) }
      }),
    ),
}

async function measure(
  setting: ApiSetting,
  { address, client }: BenchService,
  way: Way,
  everyMs: number | null,
): Promise<Measured> {
  const { items } = await client.json<{ items: { links: { self: string } }[] }>(
    '/v1/documents?limit=50',
  )
  const paths = items.map(({ links }) => links.self)
  const asking = await startLoad(setting, { kind: 'gets', address, paths, everyMs: getEveryMs })
  const count = setting.megabytes
  const { value, shares } = await withShares(setting.workspace, () =>
    runLoad(setting, { kind: 'uploads', address, connections, count, bytes: megabyte, everyMs }),
  )
  asking.stop()
  const { result: gets } = await asking.done
  const { result, cpuShare } = value
  const line = describeShares(shares, cpuShare)
  const rate = everyMs === null ? 'as fast as they go' : `at ${(1_000 / everyMs).toFixed(1)}/s`
  setting.say(
    `${way}, ${rate}: p50 ${percentile(result.totalMs, 0.5).toFixed(0)} ms, ` +
      `p99 ${percentile(result.totalMs, 0.99).toFixed(0)} ms, GET p99 ${percentile(gets.ms, 0.99).toFixed(1)} ms`,
  )
  const wrong = Object.entries({ ...gets.refusals, ...result.refusals }).map(
    ([name, n]) => `; ${n} times ${name}`,
  )
  return { way, uploads: result, gets, shares: `${way}, ${rate}: ${line}${wrong.join('')}` }
}

const rateOf = ({ uploads: { totalMs, seconds } }: Measured): number => totalMs.length / seconds

function toFigures(measured: readonly Measured[]): Figure[] {
  return (['closed loop', 'open loop'] as const).flatMap((way) => {
    const rounds = measured.filter((one) => one.way === way)
    const of = (take: (one: Measured) => readonly number[], share: number): number[] =>
      rounds.map((one) => percentile(take(one), share))
    const times = (
      name: string,
      take: (one: Measured) => readonly number[],
      max: number,
    ): Figure[] =>
      [0.5, 0.95, 0.99].map((share) => ({
        name: `${way}: ${name}, p${100 * share}`,
        values: of(take, share),
        unit: 'ms',
        ...(share === 0.99 && { target: { max } }),
      }))
    const refused = rounds.map(
      ({ uploads: { refusals: a }, gets: { refusals: b } }) => total(a) + total(b),
    )
    return [
      ...times('1 MB sent to 202', (one) => one.uploads.totalMs, targets.uploadMs),
      ...times('last byte to 202', (one) => one.uploads.lastByteMs, targets.uploadMs),
      { name: `${way}: uploads`, values: rounds.map(rateOf), unit: 'a second' },
      ...times('GET of a document', (one) => one.gets.ms, targets.getMs),
      { name: `${way}: not answered right`, values: refused, unit: '', target: { max: 0 } },
    ]
  })
}

const total = (refusals: Record<string, number>): number =>
  Object.values(refusals).reduce((sum, n) => sum + n, 0)

const remarksOf = (measured: readonly Measured[]): string[] => [
  '  closed loop: each connection sends the next when it has its answer; open loop: one every so often, half as many',
  '  processors, percent of one:',
  ...measured.map(({ shares }) => `  ${shares}`),
]
