import type { Grey } from '../grey.ts'
import { upperMedian } from '../median.ts'
import type { Background } from './background.ts'

/** Ink differs from its paper by this many times the grain, and by some levels more. */
const [minGrains, minLevels] = [5, 4]
/** Ink of this contrast is found and read as it is; `flatten` takes less for grain. */
const strong = 0.13
const wantedContrast = 0.75
/** This share of a page is plain paper; ink is deeper than its texture by this factor. */
const [plainShare, minRatio] = [0.1, 2]
/** Fewer tiles with ink are dust. */
const minTiles = 3

/** The ink of a page against its paper. */
interface Contrast {
  /** Something differs from the paper by more than its grain. */
  hasInk: boolean
  /** Factor that makes the ink of a faint page as dark as that of others; 1 for all others. */
  gain: number
}

/** Measures the contrast of a page by the tiles of its background that hold ink. */
export function measureContrast(image: Grey, { paper, ink }: Background): Contrast {
  const depths = paper.map((white, at) => white - (ink[at] ?? 0))
  const minimum = minLevels + minGrains * grainOf(image)
  const plain = depths.toSorted()[Math.floor(depths.length * plainShare)] ?? 0
  const inked: number[] = []
  const faint: number[] = []
  depths.forEach((depth, at) => {
    if (depth < minimum) return
    const contrast = depth / Math.max(1, paper[at] ?? 0)
    inked.push(contrast)
    if (contrast < strong && depth >= minRatio * plain) faint.push(contrast)
  })
  const hasInk = inked.length >= minTiles
  const isFaint = faint.length >= minTiles && faint.length > inked.length / 2
  return { hasInk, gain: isFaint ? wantedContrast / upperMedian(faint) : 1 }
}

/** Distance of the samples of neighbouring differences, pixels: enough for a median. */
const step = 97

/** Median difference of neighbouring pixels: the paper's grain and the camera's noise. */
function grainOf({ data }: Grey): number {
  const differences: number[] = []
  for (let at = 1; at < data.length; at += step) {
    differences.push(Math.abs((data[at] ?? 0) - (data[at - 1] ?? 0)))
  }
  return upperMedian(differences)
}
