import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { UprightImage } from '../../parts/words/upright-image.tsx'
import type { Upright } from '../../parts/words/upright.ts'
import type { NumberedWord } from '../../parts/words/words.ts'

/** Widest part of a line that is shown, in heights of its type; on a phone more would be too small to read. */
const widestHeights = { desk: 30, phone: 13 }
const phonePixels = 640

/** The part of the page around a word: its line, the word marked. */
export function LinePicture({
  page,
  upright,
  image,
  line,
  word,
}: {
  page: PageResult
  upright: Upright
  image: string | undefined
  line: readonly NumberedWord[]
  word: NumberedWord
}) {
  const { x0, y0, x1, y1 } = word.bbox
  const pad = Math.max(6, word.size * 0.35)
  const left = Math.min(...line.map(({ bbox }) => bbox.x0)) - pad
  const right = Math.max(...line.map(({ bbox }) => bbox.x1)) + pad
  const widest = word.size * widestHeights[innerWidth < phonePixels ? 'phone' : 'desk']
  const from = Math.max(left, Math.min((x0 + x1 - widest) / 2, right - widest))
  const top = Math.min(...line.map(({ bbox }) => bbox.y0)) - pad
  const bottom = Math.max(...line.map(({ bbox }) => bbox.y1)) + pad
  const box = [from, top, Math.min(widest, right - from), bottom - top]
  return (
    <svg
      class="cut"
      viewBox={box.join(' ')}
      role="img"
      aria-label={image === undefined ? 'No picture of the line' : 'The line on the page'}
    >
      {image !== undefined && <UprightImage page={page} upright={upright} image={image} />}
      <rect x={x0} y={y0} width={Math.max(1, x1 - x0)} height={Math.max(1, y1 - y0)} />
    </svg>
  )
}
