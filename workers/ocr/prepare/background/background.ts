import type { Grey } from '../grey.ts'

/** Brightness of a page's paper and ink, tile by tile. */
export interface Background {
  /** Brightness of the paper, one value a tile, rows from the top. */
  paper: Float32Array
  /** Brightness of the darkest ink, likewise. */
  ink: Float32Array
  /** Brightness of the middle of the tile's values: a part that is neither paper nor ink is dark here. */
  middle: Float32Array
  columns: number
  rows: number
  /** Side of a tile, pixels. */
  side: number
}

/** This share of a tile's pixels is darker than the paper estimate: writing seldom covers more. */
const paperShare = 0.85
/** This share is darker than the ink estimate: a few specks are not ink. */
const inkShare = 0.02

/**
 * Estimates the paper under the writing: a high percentile of each tile, then the brightest of its neighbours (a tile
 * may lie in a headline's stroke), then a mean over them (paper changes slowly). Estimates the ink the same way from
 * below.
 */
export function estimateBackground(image: Grey, side: number): Background {
  const columns = Math.ceil(image.width / side)
  const rows = Math.ceil(image.height / side)
  const tilesOf = () => new Float32Array(columns * rows)
  const [paper, ink, middle] = [tilesOf(), tilesOf(), tilesOf()]
  const counts = new Uint32Array(256)
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 1) {
      const pixels = countValues(image, column * side, row * side, side, counts)
      let value = 0
      let seen = counts[0] ?? 0
      for (; seen < pixels * inkShare && value < 255; seen += counts[value] ?? 0) value += 1
      ink[at] = value
      for (; seen < pixels / 2 && value < 255; seen += counts[value] ?? 0) value += 1
      middle[at] = value
      for (; seen < pixels * paperShare && value < 255; seen += counts[value] ?? 0) value += 1
      paper[at] = value
    }
  }
  return {
    paper: overNeighbours(overNeighbours(paper, columns, rows, 'brightest'), columns, rows, 'mean'),
    ink: overNeighbours(overNeighbours(ink, columns, rows, 'darkest'), columns, rows, 'mean'),
    middle,
    columns,
    rows,
    side,
  }
}

/** Counts the grey values of a tile. Returns its number of pixels. */
function countValues(
  { data, width, height }: Grey,
  left: number,
  top: number,
  side: number,
  counts: Uint32Array,
): number {
  const [right, bottom] = [Math.min(left + side, width), Math.min(top + side, height)]
  counts.fill(0)
  for (let y = top; y < bottom; y += 1) {
    const end = y * width + right
    for (let at = y * width + left; at < end; at += 1) {
      const value = data[at] ?? 0
      counts[value] = (counts[value] ?? 0) + 1
    }
  }
  return (right - left) * (bottom - top)
}

/** Replaces each tile by the brightest, the darkest or the mean of itself and its up to eight neighbours. */
function overNeighbours(
  tiles: Float32Array,
  columns: number,
  rows: number,
  kind: 'brightest' | 'darkest' | 'mean',
): Float32Array {
  const spread = new Float32Array(tiles.length)
  for (let at = 0; at < tiles.length; at += 1) {
    const [column, row] = [at % columns, Math.floor(at / columns)]
    const [left, right] = [Math.max(0, column - 1), Math.min(columns - 1, column + 1)]
    const [top, bottom] = [Math.max(0, row - 1), Math.min(rows - 1, row + 1)]
    let [brightest, darkest, sum] = [0, 255, 0]
    for (let y = top; y <= bottom; y += 1) {
      for (let x = left; x <= right; x += 1) {
        const value = tiles[y * columns + x] ?? 0
        if (value > brightest) brightest = value
        if (value < darkest) darkest = value
        sum += value
      }
    }
    const count = (right - left + 1) * (bottom - top + 1)
    spread[at] = kind === 'mean' ? sum / count : kind === 'brightest' ? brightest : darkest
  }
  return spread
}

/** Ink is darkened to this contrast where the gain allows it. */
const wantedContrast = 0.75
/** Less contrast than this is the paper's own grain. */
const minContrast = 0.12

/**
 * Makes paper white everywhere, and faint ink up to `maxGain` times as dark (1: the contrast that it has to its paper).
 * A new image of the same size.
 */
export function flatten(image: Grey, background: Background, maxGain: number): Grey {
  return mapTiles(image, background, linearMaps(background, maxGain))
}

/** Makes paper white, and all ink `gain` times as dark as it is to its paper. A new image of the same size. */
export function strengthen(image: Grey, background: Background, gain: number): Grey {
  const gains = background.paper.map((white) => (255 / Math.max(1, white)) * gain)
  return mapTiles(image, background, [gains, gains.map(() => 255 * (1 - gain))])
}

function mapTiles(
  image: Grey,
  { columns, rows, side }: Background,
  [gains, offsets]: readonly [gains: Float32Array, offsets: Float32Array],
): Grey {
  const { width, height } = image
  const flat = new Uint8Array(image.data.length)
  const across = createAcross(width, columns, side)
  for (let y = 0; y < height; y += 1) {
    const position = Math.min(rows - 1, Math.max(0, (y + 0.5) / side - 0.5))
    const upper = Math.floor(position) * columns
    const lower = Math.min(rows - 1, Math.floor(position) + 1) * columns
    const down = position - Math.floor(position)
    for (let column = 0; column <= columns; column += 1) {
      const tile = Math.min(columns - 1, column)
      across.gain[column] = mix(gains[upper + tile] ?? 1, gains[lower + tile] ?? 1, down)
      across.offset[column] = mix(offsets[upper + tile] ?? 0, offsets[lower + tile] ?? 0, down)
    }
    flattenRow(image.data, flat, y * width, across)
  }
  return { data: flat, width, height }
}

/** The linear maps of a row, one for the middle of each tile, and the position of the pixels between them. */
interface Across {
  gain: Float32Array
  offset: Float32Array
  /** The first pixel right of each tile's middle; the last entry is the row's width. */
  starts: Int32Array
  /** For each pixel, its position on the way to the next tile's middle, 0 to 1. */
  shares: Float64Array
}

function createAcross(width: number, columns: number, side: number): Across {
  const starts = new Int32Array(columns + 1).fill(width)
  const shares = new Float64Array(width)
  for (let x = width - 1; x >= 0; x -= 1) {
    const place = Math.min(columns - 1, Math.max(0, (x + 0.5) / side - 0.5))
    const tile = Math.floor(place)
    shares[x] = place - tile
    starts[tile] = x
  }
  for (let tile = columns - 1; tile >= 0; tile -= 1) {
    starts[tile] = Math.min(starts[tile] ?? width, starts[tile + 1] ?? width)
  }
  const maps = () => new Float32Array(columns + 1)
  return { gain: maps(), offset: maps(), starts, shares }
}

function flattenRow(
  data: Uint8Array,
  flat: Uint8Array,
  row: number,
  { gain, offset, starts, shares }: Across,
): void {
  for (let tile = 0; tile + 1 < starts.length; tile += 1) {
    const end = starts[tile + 1] ?? 0
    const [factor, summand] = [gain[tile] ?? 1, offset[tile] ?? 0]
    const [more, lift] = [(gain[tile + 1] ?? 1) - factor, (offset[tile + 1] ?? 0) - summand]
    for (let x = starts[tile] ?? 0; x < end; x += 1) {
      const share = shares[x] ?? 0
      const value = (data[row + x] ?? 0) * (factor + more * share) + (summand + lift * share)
      flat[row + x] = value > 255 ? 255 : value < 0 ? 0 : value
    }
  }
}

const mix = (a: number, b: number, share: number): number => a + (b - a) * share

/** For each tile the factor and the summand that map its paper to 255 and its ink to the wanted contrast. */
function linearMaps(
  { paper, ink }: Background,
  maxGain: number,
): [gains: Float32Array, offsets: Float32Array] {
  const gains = new Float32Array(paper.length).fill(1)
  const offsets = new Float32Array(paper.length)
  paper.forEach((white, at) => {
    const contrast = 1 - (ink[at] ?? 0) / Math.max(1, white)
    const wanted = contrast < minContrast ? 1 : wantedContrast / contrast
    const stretch = Math.min(maxGain, Math.max(1, wanted))
    gains[at] = (255 / Math.max(1, white)) * stretch
    offsets[at] = 255 * (1 - stretch)
  })
  return [gains, offsets]
}
