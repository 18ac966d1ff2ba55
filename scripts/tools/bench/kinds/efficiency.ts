import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { runBareLoops } from '../bare/run.ts'
import { runIngest, type IngestRun } from '../run/ingest-run.ts'
import { choosePages, listArguments } from '../pages/page-set.ts'
import type { PageSet } from '../../accuracy/page-set.ts'
import type { PartFinding, Part, BenchSetting } from '../run/setting.ts'
import { median } from '../../common/statistics.ts'
import { drawBars } from '../../common/table.ts'

const target = 0.95

interface Round {
  /** Pages/s of one bare loop, and of two at the same time. */
  bare: number
  pair: number
  /** Ingest runs by number of workers. */
  runs: Map<number, IngestRun>
}

/** Ingest compared with a bare loop around the same engine: the cost of the pipeline. */
export const efficiency: Part = {
  name: 'efficiency',
  about: 'pages/s of ingest with 1, 2 and N workers against a bare loop with the same engine',
  async run(setting) {
    const pages = choosePages(setting)
    const workers = [...new Set([1, 2, Math.max(2, availableParallelism())])]
    const rounds: Round[] = []
    for (let index = 1; index <= setting.rounds; index += 1) {
      rounds.push(await measure(setting, pages, workers, index))
    }
    return conclude(rounds, workers, pages)
  },
}

async function measure(
  setting: BenchSetting,
  pages: PageSet,
  workers: readonly number[],
  index: number,
): Promise<Round> {
  const { root, paths } = pages
  const texts = join(setting.workspace, `bare-${index}`)
  const say = (line: string): void => setting.say(`round ${index}: ${line}`)
  const bare = await runBareLoops(setting, [{ root, paths, texts }])
  say(`one bare loop ${bare.toFixed(3)} pages/s`)
  const runs = new Map<number, IngestRun>()
  for (const count of workers) {
    const out = join(setting.workspace, `efficiency-${index}-${count}`)
    const input = [...listArguments(setting, pages), '--workers', String(count)]
    const run = await runIngest(setting, { arguments: input, out })
    runs.set(count, run)
    say(`${count} workers ${rateOf(run).toFixed(3)} pages/s`)
    setting.readings.keep({ pages, texts, out })
  }
  // In opposite orders, so that the two never read the same page at the same time.
  const pair = await runBareLoops(setting, [
    { root, paths, texts: null },
    { root, paths: paths.toReversed(), texts: null },
  ])
  say(`two bare loops ${pair.toFixed(3)} pages/s`)
  return { bare, pair, runs }
}

/** Pages/s according to the run's own report. */
const rateOf = ({ report }: IngestRun): number => report.pagesRead / report.seconds
const wallRateOf = ({ report, seconds }: IngestRun): number => report.pagesRead / seconds

function conclude(
  rounds: readonly Round[],
  workers: readonly number[],
  { paths, hasTruth }: PageSet,
): PartFinding {
  const bare = rounds.map((round) => round.bare)
  const pair = rounds.map((round) => round.pair)
  const of = (count: number, rate: (run: IngestRun) => number): number[] =>
    rounds.flatMap((round) => {
      const run = round.runs.get(count)
      return run === undefined ? [] : [rate(run)]
    })
  const unit = 'pages/s'
  const figures = [
    { name: 'one bare loop', values: bare, unit },
    { name: 'two bare loops at the same time', values: pair, unit },
    ...workers.flatMap((count) => [
      { name: `ingest, ${count} workers`, values: of(count, rateOf), unit },
      { name: `ingest, ${count} workers, whole command`, values: of(count, wallRateOf), unit },
    ]),
    {
      name: 'efficiency, 2 workers / (2 x bare)',
      values: over(of(2, rateOf), bare, 2),
      unit: '',
      target: { min: target },
    },
    { name: '  the same by the whole command', values: over(of(2, wallRateOf), bare, 2), unit: '' },
    { name: '  against two bare loops', values: over(of(2, rateOf), pair, 1), unit: '' },
    { name: 'two bare loops / (2 x bare)', values: over(pair, bare, 2), unit: '' },
  ]
  const bars = [
    { label: 'bare loop', value: median(bare) },
    ...workers.map((count) => ({ label: `${count} workers`, value: median(of(count, rateOf)) })),
    { label: '2 bare loops', value: median(pair) },
    { label: '2 x bare loop', value: 2 * median(bare) },
  ]
  const source = hasTruth ? 'real pages' : 'pages made of samples/'
  return {
    kind: 'measured',
    figures,
    remarks: [`  ${paths.length} ${source}`, ...drawBars(bars, unit)],
  }
}

/** Each round by itself: a slow phase of the machine affects both. */
const over = (values: readonly number[], bases: readonly number[], times: number): number[] =>
  values.map((value, index) => value / (times * (bases[index] ?? Number.NaN)))
