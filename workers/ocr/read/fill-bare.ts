import type { Block } from '../../../shared/contract/result/layout.ts'
import type { PageOnDesk } from '../prepare/prepare.ts'
import { countLetters } from '../prepare/letters/lines.ts'
import { surveyPart } from '../prepare/part.ts'
import { renderPage } from '../prepare/render.ts'
import { makeReading, mergeBetter, unlessFailing, type Made, type Reader } from './made.ts'
import { findBare, regionsOf, type Bare } from './coverage.ts'
import { withoutNoise } from './noise.ts'
import { bareReadings, bareBlock } from './plan.ts'

/** Fewer letters without a word, or a smaller share of them, are not worth another planned. */
const [minLetters, minShare] = [8, 0.075]
/** After a reading that covered less than this share of them, others cover no more. */
const minGain = 0.3
/** Smaller pages are read again as a whole, with the lines between their bare ones: that costs little. */
const manyLetters = 750
/** A region of fewer letters is a paragraph, a cell or a row: it has no layout to find. */
const minForLayout = 150
/** Regions of a page that are read again, the largest ones. */
const maxRegions = 4

const isBare = ({ letters, share }: Bare): boolean => letters >= minLetters && share >= minShare

/** Reads the regions of a page again whose lines have no words, each with a scale and a slope of its own. */
export async function fillBare(
  reader: Reader,
  page: PageOnDesk,
  first: readonly Block[],
): Promise<{ blocks: Block[]; made: Made[] }> {
  let blocks = [...first]
  const made: Made[] = []
  let before = Number.POSITIVE_INFINITY
  for (const further of bareReadings) {
    const bare = findBare(page.survey, withoutNoise(blocks))
    if (!isBare(bare) || bare.letters > (1 - minGain) * before) break
    before = bare.letters
    const isLarge = countLetters(page.survey.lines) > manyLetters
    const regions = isLarge ? regionsOf(bare.lines).slice(0, maxRegions) : [bare.lines]
    for (const lines of regions) {
      const letters = countLetters(lines)
      if (letters < minLetters) break
      const planned = isLarge && letters < minForLayout ? bareBlock : further
      const { survey, toPage } = surveyPart(page.survey, lines)
      const rendered = await renderPage(survey, planned)
      const next = await unlessFailing(makeReading(reader, page.turn, planned, rendered, toPage))
      if (next === undefined) return { blocks, made }
      made.push(next)
      blocks = mergeBetter(blocks, next.blocks)
    }
  }
  return { blocks, made }
}
