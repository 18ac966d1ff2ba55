import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { runIngest } from '../run/ingest-run.ts'
import { copyPage } from '../pages/page-set.ts'
import type { Part, BenchSetting } from '../run/setting.ts'
import { slope } from '../../common/statistics.ts'
import { watchWhile } from '../run/watch.ts'

const targets = { peakMB: 450, slopeMB: 10 }
const everyMs = 1_000
/** One page in this many is large. */
const largeEvery = 100
const large = { width: 4_000, height: 3_000 }
/** Memory before a worker has read both kinds of page says nothing about growth. */
const settledAfterPages = 2 * largeEvery

/** A crop with a few words, and one that fills 12 megapixels. */
const crops = [
  { sample: 'samples/seeds.png', left: 100, top: 300, width: 700, height: 120 },
  { sample: 'samples/stars.png', left: 100, top: 300, width: 700, height: 120 },
  { sample: 'samples/poster.png', left: 100, top: 300, width: 700, height: 120 },
  { sample: 'samples/ledger/invoice.png', left: 100, top: 300, width: 700, height: 120 },
]

interface Point {
  x: number
  y: number
}

/** Worker memory over thousands of pages. */
export const memory: Part = {
  name: 'memory',
  about: `worker RSS over --pages-read pages a worker, one in ${largeEvery} of them of 12 megapixels`,
  async run(setting) {
    const workers = Math.min(2, availableParallelism())
    const folder = join(setting.workspace, 'memory-pages')
    const total = setting.pagesRead * workers
    await makePages(setting, folder, total)
    const points = new Map<string, Point[]>()
    const out = join(setting.workspace, 'memory')
    const { value, usage } = await watchWhile(
      {
        workspace: setting.workspace,
        out,
        everyMs,
        onHeartbeat({ id, pagesDone, rssBytes }) {
          const known = points.get(id) ?? []
          points.set(id, [...known, { x: pagesDone / 1_000, y: rssBytes / 1e6 }])
        },
      },
      () => runIngest(setting, { arguments: [folder, '--workers', String(workers)], out }),
    )
    const settled = [...points.values()].map((line) =>
      line.filter(({ x }) => x >= settledAfterPages / 1_000),
    )
    const resident = settled.flat().map(({ y }) => y)
    return {
      kind: 'measured',
      figures: [
        {
          name: 'worker RSS, the most at any time',
          values: [(usage.resident.get('worker') ?? 0) / 1e6],
          unit: 'MB',
          target: { max: targets.peakMB },
        },
        { name: 'worker RSS, as sampled', values: resident, unit: 'MB' },
        {
          name: 'growth of the most memory per 500 pages',
          values: [Math.max(...settled.map((line) => slope(peaks(line))))],
          unit: 'MB per 1000 pages',
          target: { max: targets.slopeMB },
        },
      ],
      remarks: [
        `  ${value.report.pagesRead} pages in ${value.seconds.toFixed(0)} s by ${workers} workers (${points.size} processes)`,
      ],
    }
  },
}

/** An engine's memory grows until it is replaced after 500 pages: only the height of these peaks must not grow. */
function peaks(line: readonly Point[]): Point[] {
  const highest = new Map<number, number>()
  for (const { x, y } of line) {
    const tooth = Math.floor(x / 0.5) * 0.5
    highest.set(tooth, Math.max(highest.get(tooth) ?? 0, y))
  }
  return [...highest].map(([x, y]) => ({ x, y }))
}

async function makePages(setting: BenchSetting, folder: string, total: number): Promise<void> {
  const models = await Promise.all(
    crops.map(async ({ sample, ...area }, index) => {
      const picture = sharp(join(setting.repository, sample)).extract(area).greyscale().png()
      const small = join(setting.workspace, `crop-${index}.png`)
      await picture.toFile(small)
      const wide = join(setting.workspace, `large-${index}.png`)
      await sharp(join(setting.repository, sample))
        .resize({ ...large, fit: 'contain', background: 'white' })
        .png()
        .toFile(wide)
      return { small, wide }
    }),
  )
  for (let index = 0; index < total; index += 1) {
    const model = models[index % models.length]
    if (model === undefined) continue
    const from = index % largeEvery === largeEvery - 1 ? model.wide : model.small
    const to = join(folder, `${String(index).padStart(5, '0')}.png`)
    copyPage(from, to, index)
  }
}
