import { sharp } from '../../../../shared/raster/sharp.ts'
import { flatten } from '../background/background.ts'
import type { Grey } from '../grey.ts'
import { findComponents } from '../letters/components.ts'
import { findGlyphs, textHeight } from '../letters/glyphs.ts'
import { findSpecks } from '../specks.ts'
import { lookAt, type PageLook } from '../look.ts'
import type { PrepareStep } from './step.ts'

/** A median of this side removes specks of 1, 2, 3 and 4 pixels: they cover less than half of its square. */
const windows = [0, 3, 3, 5, 7]
/** Letters at least this many windows high keep their strokes. */
const minHeight = 3

/** Removes specks that cover the page evenly by a median, where the writing is large enough to survive it. */
export const despeckle = {
  name: 'despeckle',
  async apply(look: PageLook): Promise<PageLook> {
    const window = windows[findSpecks(look)] ?? 0
    if (window === 0) return look
    const clean = lookAt(await medianOf(look.page, window))
    return heightIn(clean) >= minHeight * window ? clean : look
  },
} satisfies PrepareStep<PageLook, null>

async function medianOf({ data, width, height }: Grey, window: number): Promise<Grey> {
  const median = await sharp(data, { raw: { width, height, channels: 1 }, limitInputPixels: false })
    .median(window)
    .toColourspace('b-w')
    .raw({ depth: 'uchar' })
    .toBuffer()
  return { data: median, width, height }
}

/** Ink on a flattened page is darker than this. */
const inkBelow = 150

const heightIn = ({ small, background, factor }: PageLook): number =>
  textHeight(
    findGlyphs(findComponents(flatten(small, background, 4), inkBelow), small.height, factor),
  )
