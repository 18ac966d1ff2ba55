import type { Block } from '../../../shared/contract/result/layout.ts'
import type { PageOnDesk } from '../prepare/prepare.ts'
import { countLetters } from '../prepare/letters/lines.ts'
import { surveyPart } from '../prepare/part.ts'
import { renderPage } from '../prepare/render.ts'
import { makeReading, mergeBetter, unlessFailing, type Made, type Reader } from './made.ts'
import { findBare, regionsOf, type Bare } from './coverage.ts'
import { withoutNoise } from './noise.ts'
import { bareReadings, bareBlock } from './plan.ts'

/** Fewer letters without a word, or a smaller share of them, are not worth another reading. */
const [minLetters, minShare] = [8, 0.075]
/** A reading that covers less than this share of them saw noise: it is dropped, and no other one follows. */
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
  for (const further of bareReadings) {
    const bare = findBare(page.survey, withoutNoise(blocks))
    if (!isBare(bare)) break
    const before = blocks
    const isLarge = countLetters(page.survey.lines) > manyLetters
    const regions = isLarge ? regionsOf(bare.lines).slice(0, maxRegions) : [bare.lines]
    for (const lines of regions) {
      const letters = countLetters(lines)
      if (letters < minLetters) break
      const planned = isLarge && letters < minForLayout ? bareBlock : further
      const { survey, toPage } = surveyPart(page.survey, lines)
      const rendered = await renderPage(survey, planned)
      const reading = makeReading(reader, page.turn, planned, rendered, toPage)
      const next = await unlessFailing(reader, planned.name, reading)
      if (next === undefined) return { blocks, made }
      made.push(next)
      blocks = mergeBetter(blocks, next.blocks)
    }
    const left = findBare(page.survey, withoutNoise(blocks))
    if (left.letters > (1 - minGain) * bare.letters) return { blocks: before, made }
  }
  return { blocks, made }
}
