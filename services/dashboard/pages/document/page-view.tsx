import { useEffect } from 'preact/hooks'
import { imageRoute, prefetchImage, usePageImage } from '../../live/page-image.ts'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import type { Upright } from '../../parts/words/upright.ts'
import { PageLayout } from './page-layout.tsx'
import type { NumberedWord } from '../../parts/words/words.ts'

/** Widths of pictures, pixels: of a whole page, and of one that is enlarged. */
const plainWidth = 1_280
const largeWidth = 2_600

/** Shares of the width of the view; 0 shows the whole page. */
const zooms = [0, 1, 1.5, 2, 3, 4]

/** The next zoom, larger or smaller. */
export const zoomed = (zoom: number, by: 1 | -1): number =>
  zooms[Math.min(zooms.length - 1, Math.max(0, zooms.indexOf(zoom) + by))] ?? 0

/** A page's picture with its words in boxes. It scrolls, and the mouse drags it. */
export function PageView({
  page,
  route,
  count,
  version,
  upright,
  words,
  hits,
  zoom,
  onZoom,
}: {
  page: PageResult
  route: string
  /** Pages of the document. */
  count: number
  /** Changes with the file. */
  version: string
  upright: Upright
  words: readonly NumberedWord[]
  hits: ReadonlySet<NumberedWord>
  zoom: number
  onZoom: (zoom: number) => void
}) {
  const width = zoom > 1 ? largeWidth : plainWidth
  const image = usePageImage(imageRoute(route, page.page, width), version)
  useEffect(() => {
    if (image.value === undefined || page.page >= count) return undefined
    const ended = new AbortController()
    prefetchImage(imageRoute(route, page.page + 1, plainWidth), ended.signal)
    return () => ended.abort()
  }, [image.value, page.page, count])
  return (
    <div class="sheet">
      <p class="tools">
        <button type="button" onClick={() => onZoom(zoomed(zoom, -1))} disabled={zoom === 0}>
          Smaller
        </button>
        <button
          type="button"
          onClick={() => onZoom(zoomed(zoom, 1))}
          disabled={zoom === zooms.at(-1)}
        >
          Larger
        </button>
        <button type="button" onClick={() => onZoom(0)} disabled={zoom === 0}>
          Whole page
        </button>
        <span class="muted" role="status">
          {image.problem === undefined
            ? image.value === undefined
              ? 'The picture is being rendered …'
              : ''
            : `No picture: ${image.problem.message}`}
        </span>
        {image.problem !== undefined && (
          <button type="button" onClick={image.reload}>
            Try again
          </button>
        )}
      </p>
      <div class="pane" role="region" aria-label="Page" tabIndex={0} onPointerDown={drag}>
        <PageLayout
          page={page}
          upright={upright}
          words={words}
          hits={hits}
          image={image.value}
          zoom={zoom}
        />
      </div>
    </div>
  )
}

/** Moves the content with the mouse; fingers and pens scroll by themselves. */
function drag(event: PointerEvent): void {
  const pane = event.currentTarget
  if (!(pane instanceof HTMLElement) || event.pointerType !== 'mouse' || event.button !== 0) return
  const { clientX, clientY } = event
  const { scrollLeft, scrollTop } = pane
  const move = (moved: PointerEvent): void => {
    pane.scrollTo(scrollLeft + clientX - moved.clientX, scrollTop + clientY - moved.clientY)
  }
  const end = (): void => {
    removeEventListener('pointermove', move)
    removeEventListener('pointerup', end)
    removeEventListener('pointercancel', end)
  }
  addEventListener('pointermove', move)
  addEventListener('pointerup', end)
  addEventListener('pointercancel', end)
}
