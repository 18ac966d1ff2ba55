import type { BBox } from '../../../shared/contract/result/layout.ts'
import type { OutputDocument } from '../format.ts'

const header =
  'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n'

/** The table of `tesseract … tsv`: a row for each page (level 1), block, paragraph, line and word (5). */
export function* writeTsv({ pages }: OutputDocument): Generator<string> {
  yield header
  for (const { page, width, height, blocks } of pages) {
    const rows = [row([1, page, 0, 0, 0, 0], { x0: 0, y0: 0, x1: width, y1: height })]
    for (const [b, block] of blocks.entries()) {
      rows.push(row([2, page, b + 1, 0, 0, 0], block.bbox))
      for (const [p, paragraph] of block.paragraphs.entries()) {
        rows.push(row([3, page, b + 1, p + 1, 0, 0], paragraph.bbox))
        for (const [l, line] of paragraph.lines.entries()) {
          rows.push(row([4, page, b + 1, p + 1, l + 1, 0], line.bbox))
          for (const [w, word] of line.words.entries()) {
            const place = [5, page, b + 1, p + 1, l + 1, w + 1]
            rows.push(row(place, word.bbox, word.confidence.toFixed(6), word.text))
          }
        }
      }
    }
    yield rows.join('')
  }
}

/** Tesseract writes -1 for a missing confidence. */
function row(place: readonly number[], bbox: BBox, confidence = '-1', text = ''): string {
  const [left, top] = [Math.round(bbox.x0), Math.round(bbox.y0)]
  const [width, height] = [Math.round(bbox.x1) - left, Math.round(bbox.y1) - top]
  const cells = [...place, left, top, width, height, confidence, text.replaceAll(/\s+/g, ' ')]
  return `${cells.join('\t')}\n`
}
