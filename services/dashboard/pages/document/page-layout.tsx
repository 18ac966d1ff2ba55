import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { sureness, type NumberedWord } from './words.ts'

/** Lines that rise more than this have boxes only: their letters would stand across them. */
const maxRise = 0.1

/** The words of a page where they stand on it, in boxes by their confidence. */
export function PageLayout({
  page: { width, height },
  words,
  hits,
}: {
  page: PageResult
  words: readonly NumberedWord[]
  hits: ReadonlySet<NumberedWord>
}) {
  return (
    <svg
      class="layout"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label="Layout of the page: its words in their places"
    >
      <rect class="paper" width={width} height={height} />
      {words.map((word) => (
        <WordBox key={word.number} word={word} isHit={hits.has(word)} />
      ))}
    </svg>
  )
}

function WordBox({ word, isHit }: { word: NumberedWord; isHit: boolean }) {
  const { number, text, confidence, bbox, baseline, size } = word
  const { x0, y0, x1, y1 } = bbox
  const rise = Math.abs(baseline.y1 - baseline.y0) / Math.max(1, baseline.x1 - baseline.x0)
  const isLevel = baseline.x1 > baseline.x0 && rise < maxRise
  const share = isLevel ? (x0 - baseline.x0) / (baseline.x1 - baseline.x0) : 0
  return (
    <g class={`${sureness(confidence)}${isHit ? ' hit' : ''}`} data-word={number}>
      <rect x={x0} y={y0} width={Math.max(1, x1 - x0)} height={Math.max(1, y1 - y0)} />
      {isLevel && (
        <text
          x={x0}
          y={baseline.y0 + (baseline.y1 - baseline.y0) * share}
          font-size={size * 0.8}
          textLength={Math.max(1, x1 - x0)}
          lengthAdjust="spacingAndGlyphs"
        >
          {text}
        </text>
      )}
    </g>
  )
}
