import type { Block } from '../../../shared/contract/result/layout.ts'
import type { PageOnDesk } from '../prepare/prepare.ts'
import { findBare } from './coverage.ts'
import { judge } from './judge/judge.ts'
import { wellReadBoxes } from './judge/known.ts'
import { makeReading, unlessFailing, type Made, type Reader } from './made.ts'
import { withoutNoise } from './noise.ts'
import { secondReading } from './plan.ts'
import { wordsOf } from './score.ts'

/** A page that the first engine reads worse than this is read by the second as a whole, in the second one's order. */
const poorlyRead = 0.88
/** From this share of letters without a word on, text is missing that the second engine may see. */
const missing = 0.05

/** Where the first engine finds fewer words, the second reads words in rows of dots and textures. */
const minWords = 3

/**
 * Has a second engine read the lines that the first one is not sure of, where the first reading's expected share of
 * right words is below `enough`. Returns nothing where there is none, where it is not asked, or where it fails.
 */
export async function askSecond(
  reader: Reader,
  page: PageOnDesk,
  first: Made,
  enough: number,
): Promise<{ blocks: Block[]; made: Made } | undefined> {
  const { second } = reader
  const { share } = first.score
  if (second === undefined) return undefined
  const sound = withoutNoise(first.blocks)
  if (wordsOf(sound).length < minWords) return undefined
  if (share >= enough && (enough === 0 || findBare(page.survey, first.blocks).share < missing))
    return undefined
  const leads = share < poorlyRead ? 'second' : 'first'
  const boxes = leads === 'second' ? [] : wellReadBoxes(first.blocks)
  const known = boxes.map(({ x0, y0, x1, y1 }) => {
    const [from, to] = [page.first.ofLevel({ x: x0, y: y0 }), page.first.ofLevel({ x: x1, y: y1 })]
    return { x0: from.x, y0: from.y, x1: to.x, y1: to.y }
  })
  const asked = {
    ...reader,
    read: (prepared: Parameters<typeof second>[0]) =>
      second({ ...prepared, wishes: { ...prepared.wishes, known } }),
  }
  const reading = makeReading(asked, page.turn, secondReading, page.first)
  const made = await unlessFailing(reader, secondReading.name, reading)
  return made && { blocks: judge(sound, made.blocks, leads), made }
}
