/** Pixels. */
interface Size {
  width: number
  height: number
}

/** Widths that are rendered: few enough that a cached picture is found again. */
const widths = [320, 640, 960, 1_280, 1_600, 2_000, 2_600, 3_400]
/** Pixels of a picture: 24 MB in memory, a few MB as WebP. */
const maxPixels = 8e6
/** WebP's limit. */
const maxSide = 16_383

/** The size of a page's picture: the next width above `wanted`, and no more pixels than the page has, or the limit. */
export function pictureSizeOf({ width, height }: Size, wanted: number): Size {
  const next = widths.find((each) => each >= wanted) ?? widths.at(-1) ?? wanted
  const scale = Math.min(
    1,
    next / width,
    maxSide / Math.max(width, height),
    Math.sqrt(maxPixels / (width * height)),
  )
  const scaled = (side: number): number => Math.max(1, Math.floor(side * scale))
  return { width: scaled(width), height: scaled(height) }
}
