import type { Block, Line } from '../../../shared/contract/result/layout.ts'
import type { PageOnDesk } from '../prepare/prepare.ts'
import { countLetters } from '../prepare/letters/lines.ts'
import { surveyPart } from '../prepare/part.ts'
import { renderPage } from '../prepare/render.ts'
import { makeReading, mergeBetter, unlessFailing, type Made, type Reader } from './made.ts'
import { findBare, findLoose, regionsOf, withRows, type Bare } from './coverage.ts'
import { keepLines } from './merge.ts'
import { withoutNoise } from './noise.ts'
import { bareReadings, bareBlock } from './plan.ts'
import { scoreOf, wordsOf } from './score.ts'

/** Fewer letters without a word, or a smaller share of them, are not worth another reading. */
const [minLetters, minShare] = [8, 0.075]
/** A reading that covers less than this share of them saw noise: it is dropped, and no other one follows. */
const minGain = 0.3
/** Smaller pages are read again as a whole, with the lines between their bare ones: that costs little. */
const manyLetters = 750
/** A region of fewer letters is a paragraph, a cell or a row: it has no layout to find. */
const minForLayout = 250
/** Regions of a page that are read again, the largest ones. */
const maxRegions = 4

const isBare = ({ letters, share }: Bare, isClean: boolean): boolean =>
  letters >= minLetters && (isClean || share >= minShare)

/** Reads the regions of a page again whose lines have no words, each with a scale and a slope of its own. */
export async function fillBare(
  reader: Reader,
  page: PageOnDesk,
  first: readonly Block[],
): Promise<{ blocks: Block[]; made: Made[] }> {
  let blocks = [...first]
  const made: Made[] = []
  const isClean = readsClean(page, blocks)
  let bare = findBare(page.survey, withoutNoise(blocks))
  for (const further of bareReadings) {
    if (!isBare(bare, isClean)) break
    const before = blocks
    const isLarge = countLetters(page.survey.lines) > manyLetters
    const isSmall = bare.share < minShare
    const rows = isSmall ? withRows(bare.lines, page.survey.lines) : [...bare.lines]
    // Words of a small page that lack a letter are read again beside the bare lines: lines are merged whole.
    if (!isLarge && !isSmall) rows.push(...bare.cut)
    const regions = isLarge || isSmall ? regionsOf(rows).slice(0, maxRegions) : [rows]
    for (const lines of regions) {
      const letters = countLetters(lines)
      if (letters < minLetters) break
      const planned = isSmall || letters < minForLayout ? bareBlock : further
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
    bare = left
  }
  return { blocks, made }
}

/** Where a page reads worse, loose pieces are dust; a rendered page has none. */
const [clean, cleanRendered] = [0.94, 0.85]
const readsClean = ({ survey }: PageOnDesk, blocks: readonly Block[]): boolean =>
  scoreOf(wordsOf(blocks)).share >= (survey.isRendered ? cleanRendered : clean)

/** A number that stands alone must have this probability. */
const minSure = 0.75

/** Reads the loose figures of a page that reads well: engines drop a page number that stands alone in a corner. */
export async function fillLoose(
  reader: Reader,
  page: PageOnDesk,
  first: readonly Block[],
): Promise<{ blocks: Block[]; made: Made[] }> {
  let blocks = [...first]
  const made: Made[] = []
  if (!readsClean(page, blocks)) return { blocks, made }
  const sure = keepLines(blocks, (line) =>
    scoreOf(line.words).share >= minSureLine ? line : undefined,
  )
  const read = wordsOf(sure).map(({ bbox }) => bbox)
  for (const lines of regionsOf(findLoose(page.survey, sure)).slice(0, maxRegions)) {
    const { survey, toPage } = surveyPart(page.survey, lines, read)
    const rendered = await renderPage(survey, bareBlock)
    const reading = makeReading(reader, page.turn, bareBlock, rendered, toPage)
    const next = await unlessFailing(reader, bareBlock.name, reading)
    if (next === undefined) break
    const found = keepLines(next.blocks, (each) => (isSure(each) ? each : undefined))
    if (found.length === 0) continue
    made.push(next)
    blocks = mergeBetter(blocks, found)
  }
  return { blocks, made }
}

/** Lines below this share cover nothing: a column of single figures, read as a line that runs down. */
const minSureLine = 0.6

/** Figures, and words that are no scrap. */
const isSure = ({ words }: Line): boolean =>
  scoreOf(words).share >= minSure && words.every(({ text }) => /\p{N}|\p{L}{2}/u.test(text))
