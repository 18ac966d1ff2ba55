import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PDFDocument } from '@cantoo/pdf-lib'
import { runIngest, type IngestRun } from '../run/ingest-run.ts'
import type { Part, BenchSetting } from '../run/setting.ts'
import { watchWhile, type RunUsage } from '../run/watch.ts'

const pagesOfDocument = 300
const targets = { gain: 1.9, workerMB: 500, aggregatorMB: 300, redisMB: 150 }
const everyMs = 1_000
const scans = ['almanac.jpg', 'recipe.jpg', 'ledger/lighthouse.jpg', 'ledger/till.jpg']
/** The samples are drawn at this resolution. */
const dpi = 200

/** One long document: its pages are jobs that workers share, and it is never in memory as a whole. */
export const document: Part = {
  name: 'document',
  about: `a scanned PDF of ${pagesOfDocument} pages by two workers and by one, and its memory use`,
  async run(setting) {
    const pdf = join(setting.workspace, 'scans.pdf')
    await makePdf(setting, pdf)
    const read = (
      workers: number,
      round: number,
    ): Promise<{ value: IngestRun; usage: RunUsage }> => {
      const out = join(setting.workspace, `document-${round}-${workers}`)
      const given = [pdf, '--formats', 'txt,json,hocr,alto,pdf', '--workers', String(workers)]
      return watchWhile({ workspace: setting.workspace, out, everyMs }, () =>
        runIngest(setting, { arguments: given, out }),
      )
    }
    const gains: number[] = []
    const usages: RunUsage[] = []
    for (let round = 1; round <= setting.rounds; round += 1) {
      const two = await read(2, round)
      const one = await read(1, round)
      usages.push(two.usage, one.usage)
      gains.push(one.value.report.seconds / two.value.report.seconds)
      const [pair, single] = [two, one].map(({ value }) => value.report.pagesPerSecond)
      setting.say(`round ${round}: two workers ${pair} pages/s, one ${single}`)
    }
    const megabytes = (bytesOf: (usage: RunUsage) => number | undefined): number[] =>
      usages.map((usage) => (bytesOf(usage) ?? 0) / 1e6)
    const unit = 'MB'
    return {
      kind: 'measured',
      figures: [
        {
          name: 'two workers over one, pages of one PDF',
          values: gains,
          unit: '',
          target: { min: targets.gain },
        },
        {
          name: 'worker RSS, the most at any time',
          values: megabytes(({ resident }) => resident.get('worker')),
          unit,
          target: { max: targets.workerMB },
        },
        {
          name: 'aggregator RSS, likewise',
          values: megabytes(({ resident }) => resident.get('aggregator')),
          unit,
          target: { max: targets.aggregatorMB },
        },
        {
          name: 'Redis memory in use, likewise',
          values: megabytes(({ redisUsed }) => redisUsed),
          unit,
          target: { max: targets.redisMB },
        },
      ],
    }
  },
}

async function makePdf({ repository }: BenchSetting, file: string): Promise<void> {
  const made = await PDFDocument.create()
  const images = await Promise.all(
    scans.map((name) => made.embedJpg(readFileSync(join(repository, 'samples', name)))),
  )
  for (let index = 0; index < pagesOfDocument; index += 1) {
    const image = images[index % images.length]
    if (image === undefined) continue
    const { width, height } = image.scale(72 / dpi)
    made.addPage([width, height]).drawImage(image, { width, height })
  }
  writeFileSync(file, await made.save())
}
