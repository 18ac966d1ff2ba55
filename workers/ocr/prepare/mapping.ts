import type { BBox, Baseline, Block } from '../../../shared/contract/result/layout.ts'

/** A point on a page, pixels from its top left corner. */
export interface PagePoint {
  x: number
  y: number
}

/** Maps a point of a prepared page to the page before that step. */
export type Mapping = (place: PagePoint) => PagePoint

/** A page's size, pixels. */
export interface PageSize {
  width: number
  height: number
}

/** Returns the blocks in the pixels of the page before preparation. */
export function mapBlocks(blocks: readonly Block[], mapping: Mapping): Block[] {
  const at = <T extends { bbox: BBox }>(part: T): T => ({
    ...part,
    bbox: mapBox(part.bbox, mapping),
  })
  return blocks.map((block): Block => ({
    ...at(block),
    paragraphs: block.paragraphs.map((paragraph) => ({
      ...at(paragraph),
      lines: paragraph.lines.map((line) => ({
        ...at(line),
        baseline: mapBaseline(line.baseline, mapping),
        size: mapSize(line.size, line.bbox, mapping),
        words: line.words.map(at),
      })),
    })),
  }))
}

/** The smallest upright box around the four mapped corners. */
function mapBox({ x0, y0, x1, y1 }: BBox, mapping: Mapping): BBox {
  const corners = [
    mapping({ x: x0, y: y0 }),
    mapping({ x: x1, y: y0 }),
    mapping({ x: x0, y: y1 }),
    mapping({ x: x1, y: y1 }),
  ]
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)]
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) }
}

/** Returns the blocks with boxes of whole pixels inside a page; a box thinner than a pixel keeps one pixel. */
export function fitBlocks(blocks: readonly Block[], { width, height }: PageSize): Block[] {
  const fit = <T extends { bbox: BBox }>(part: T): T => {
    const x0 = Math.max(0, Math.min(width - 1, Math.round(part.bbox.x0)))
    const y0 = Math.max(0, Math.min(height - 1, Math.round(part.bbox.y0)))
    const x1 = Math.max(x0 + 1, Math.min(width, Math.round(part.bbox.x1)))
    const y1 = Math.max(y0 + 1, Math.min(height, Math.round(part.bbox.y1)))
    return { ...part, bbox: { x0, y0, x1, y1 } }
  }
  return blocks.map((block) => ({
    ...fit(block),
    paragraphs: block.paragraphs.map((paragraph) => ({
      ...fit(paragraph),
      lines: paragraph.lines.map((line) => ({ ...fit(line), words: line.words.map(fit) })),
    })),
  }))
}

const tenths = (value: number): number => Math.round(value * 10) / 10

function mapBaseline({ x0, y0, x1, y1 }: Baseline, mapping: Mapping): Baseline {
  const [from, to] = [mapping({ x: x0, y: y0 }), mapping({ x: x1, y: y1 })]
  return { x0: tenths(from.x), y0: tenths(from.y), x1: tenths(to.x), y1: tenths(to.y) }
}

/** Maps a vertical length in the middle of a box, keeping its length there. */
function mapSize(size: number, { x0, y0, x1, y1 }: BBox, mapping: Mapping): number {
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
  const [top, bottom] = [mapping({ x, y: y - size / 2 }), mapping({ x, y: y + size / 2 })]
  return tenths(Math.hypot(bottom.x - top.x, bottom.y - top.y))
}

/** The smallest box around others, at least one. */
export const boxAround = (boxes: readonly BBox[]): BBox =>
  boxes.reduce(
    (box, { x0, y0, x1, y1 }) => ({
      x0: Math.min(box.x0, x0),
      y0: Math.min(box.y0, y0),
      x1: Math.max(box.x1, x1),
      y1: Math.max(box.y1, y1),
    }),
    { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity },
  )
