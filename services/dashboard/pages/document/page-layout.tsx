import { sureness, type NumberedWord } from '../../parts/words/words.ts'
import { UprightImage } from '../../parts/words/upright-image.tsx'
import type { Upright } from '../../parts/words/upright.ts'

/** Lines that rise more than this have boxes only: their letters would stand across them. */
const maxRise = 0.1

/**
 * The words of a page where they stand on it, in boxes by their confidence: over its picture, or, where there is none,
 * with their letters.
 */
export function PageLayout({
  page,
  upright,
  words,
  hits,
  image,
  zoom,
}: {
  /** The page as given: the picture has its orientation. */
  page: { width: number; height: number }
  upright: Upright
  words: readonly NumberedWord[]
  hits: ReadonlySet<NumberedWord>
  image: string | undefined
  /** Share of the width; 0 fits all of the page. */
  zoom: number
}) {
  return (
    <svg
      class={`layout${image === undefined ? '' : ' pictured'}${zoom === 0 ? ' whole' : ''}`}
      viewBox={`0 0 ${upright.width} ${upright.height}`}
      style={{ width: `${(zoom || 1) * 100}%` }}
      role="img"
      aria-label={
        image === undefined
          ? 'Layout of the page: its words in their places'
          : 'The page, with its words in boxes'
      }
    >
      <rect class="paper" width={upright.width} height={upright.height} />
      {image !== undefined && <UprightImage page={page} upright={upright} image={image} />}
      {words.map((word) => (
        <WordBox
          key={word.number}
          word={word}
          isHit={hits.has(word)}
          hasLetters={image === undefined}
        />
      ))}
    </svg>
  )
}

function WordBox({
  word,
  isHit,
  hasLetters,
}: {
  word: NumberedWord
  isHit: boolean
  hasLetters: boolean
}) {
  const { number, text, confidence, bbox, baseline, size } = word
  const { x0, y0, x1, y1 } = bbox
  const rise = Math.abs(baseline.y1 - baseline.y0) / Math.max(1, baseline.x1 - baseline.x0)
  const isLevel = baseline.x1 > baseline.x0 && rise < maxRise
  const share = isLevel ? (x0 - baseline.x0) / (baseline.x1 - baseline.x0) : 0
  return (
    <g class={`${sureness(confidence)}${isHit ? ' hit' : ''}`} data-word={number}>
      <rect x={x0} y={y0} width={Math.max(1, x1 - x0)} height={Math.max(1, y1 - y0)} />
      {isLevel && hasLetters && (
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
