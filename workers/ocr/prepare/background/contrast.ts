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
export function measureContrast(image: Grey, background: Background): Contrast {
  const { paper, ink } = background
  const depths = paper.map((white, at) => white - (ink[at] ?? 0))
  const minimum = minLevels + minGrains * grainOf(image)
  const plain = depths.toSorted()[Math.floor(depths.length * plainShare)] ?? 0
  const inked = [...depths.keys()].filter((at) => (depths[at] ?? 0) >= minimum)
  const hasInk = inked.length >= minTiles
  const contrastAt = (at: number): number => (depths[at] ?? 0) / Math.max(1, paper[at] ?? 0)
  const isFaintAt = (at: number): boolean =>
    contrastAt(at) < strong && (depths[at] ?? 0) >= minRatio * plain
  if (!isMost(inked.filter(isFaintAt), inked)) return { hasInk, gain: 1 }
  // Tinted boxes of a page with dark print: their outlines are faint, and no writing.
  const written = inked.filter((at) => isWriting(image, background, at, (depths[at] ?? 0) / 2))
  const faint = written.filter(isFaintAt)
  const gain = isMost(faint, written) ? wantedContrast / upperMedian(faint.map(contrastAt)) : 1
  return { hasInk, gain }
}

const isMost = (some: readonly number[], all: readonly number[]): boolean =>
  some.length >= minTiles && some.length > all.length / 2

/** Pixels of an edge are at most this far apart, for soft print. */
const edgeReach = 2
/** Writing has this share of edges in a tile, across and down; an outline has one of both. */
const minEdges = 0.02

/** Whether the tile at this place has edges of at least `height` levels, both across and down. */
function isWriting(
  { data, width, height: rows }: Grey,
  { columns, side }: Background,
  tile: number,
  height: number,
): boolean {
  const [left, top] = [(tile % columns) * side, Math.floor(tile / columns) * side]
  const [right, bottom] = [
    Math.min(left + side, width - edgeReach),
    Math.min(top + side, rows - edgeReach),
  ]
  let [across, down] = [0, 0]
  for (let y = top; y < bottom; y += 1) {
    for (let at = y * width + left; at < y * width + right; at += 1) {
      const value = data[at] ?? 0
      if (Math.abs((data[at + edgeReach] ?? 0) - value) >= height) across += 1
      if (Math.abs((data[at + edgeReach * width] ?? 0) - value) >= height) down += 1
    }
  }
  return Math.min(across, down) >= minEdges * side * side
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

/** Neighbours that differ by at most so many levels are alike; so many of them are on a page without grain. */
const [maxUneven, minEven] = [2, 0.94]
/** Grey pixels at the edges of letters, as a share of the dark ones: pages made black and white have none. */
const minSoft = 0.05

/**
 * Whether the page was rendered, and not scanned: its paper has no grain, its letters soft edges. Alike are 0.95 of the
 * neighbours on rendered pages, and 0.87 on scanned receipts.
 */
export function isRendered({ data }: Grey): boolean {
  let [even, dark, soft, count] = [0, 0, 0, 0]
  for (let at = 1; at < data.length; at += step) {
    const value = data[at] ?? 0
    count += 1
    if (Math.abs(value - (data[at - 1] ?? 0)) <= maxUneven) even += 1
    if (value < 64) dark += 1
    else if (value < 192) soft += 1
  }
  return even >= minEven * count && soft >= minSoft * dark
}
