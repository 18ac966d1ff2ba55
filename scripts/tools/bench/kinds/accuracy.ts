import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stemOf, truthSuffix } from '../../accuracy/page-set.ts'
import { wordF1 } from '../../accuracy/text-accuracy.ts'
import type { Part } from '../run/setting.ts'
import { mean } from '../../common/statistics.ts'

const maxDifference = 0.1

/** Compares the texts of ingest with those of the bare engine for the same pages. */
export const accuracy: Part = {
  name: 'accuracy',
  about: 'word F1 of the output of ingest against that of the bare engine',
  async run(setting) {
    if (setting.pagesFolder === undefined) {
      return { kind: 'skipped', reason: 'there are no pages with ground truth; see --pages' }
    }
    const { pages, texts, out } = await setting.readings.take(setting)
    const { root, paths } = pages
    const scores = paths.map((path) => {
      const truth = readFileSync(join(root, stemOf(path) + truthSuffix), 'utf8')
      const [bare, ingested] = [textOf(texts, path), textOf(out, path)]
      return {
        set: dirname(path),
        bare: 100 * wordF1(truth, bare),
        ingested: 100 * wordF1(truth, ingested),
        isSame: bare === ingested,
      }
    })
    const bySet = Object.values(Object.groupBy(scores, ({ set }) => set)).map((group = []) => ({
      bare: mean(group.map(({ bare }) => bare)),
      ingested: mean(group.map(({ ingested }) => ingested)),
    }))
    const bare = mean(bySet.map((set) => set.bare))
    const ingested = mean(bySet.map((set) => set.ingested))
    const same = scores.filter(({ isSame }) => isSame).length
    return {
      kind: 'measured',
      figures: [
        { name: 'word F1, bare engine', values: [bare], unit: '%', note: 'mean over the sets' },
        { name: 'word F1, ingest', values: [ingested], unit: '%' },
        {
          name: 'difference',
          values: [Math.abs(ingested - bare)],
          unit: 'points',
          target: { max: maxDifference },
        },
        {
          name: 'texts that are the same, byte for byte',
          values: [same],
          unit: `of ${paths.length}`,
        },
      ],
    }
  },
}

/** A page without a text counts as empty. */
function textOf(folder: string, path: string): string {
  const file = join(folder, `${path}.txt`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
