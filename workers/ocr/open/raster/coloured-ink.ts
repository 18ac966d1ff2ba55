/** Decoded pixels of the same image: grey, and red, green and blue interleaved. */
interface ColouredPixels {
  grey: Uint8Array
  rgb: Uint8Array
  width: number
  height: number
}

/** Side of the tiles, and distance of the samples in them, pixels. */
const [side, step] = [48, 3]
/** Colours that differ by less are paper, by more ink: the greatest difference of red, green or blue. */
const [maxPaper, minInk] = [24, 48]
/** Ink is hidden where its colour differs from the paper's by this many times as much as its grey. */
const minRatio = 3
/** Shares of a tile's samples: paper at least, hidden ink at least; and hidden ink for each sample of other ink. */
const [paperShare, inkShare, minOverOther] = [0.45, 0.03, 2]
/** Fewer tiles with hidden ink are the edge of a coloured field. */
const minTiles = 6
/** Hidden ink is darkened to this contrast. */
const wantedContrast = 0.8
/** Pixels whose grey differs by more than this from the paper's, and by more than half of the colour, are visible. */
const maxGrey = 25
/** Differences of colour up to this are grain. */
const grain = 12

interface Paper {
  red: number
  green: number
  blue: number
  grey: number
}

/**
 * Darkens ink that differs from its paper by its colour, but hardly by its grey: in grey it would be lost. Changes `grey`
 * in place, only around such ink, and leaves its paper as it is.
 */
export function darkenColouredInk(pixels: ColouredPixels): void {
  const columns = Math.ceil(pixels.width / side)
  const rows = Math.ceil(pixels.height / side)
  const counts = new Uint16Array(4 * 256)
  const papers = new Map<number, Paper>()
  let distances = 0
  for (let tile = 0; tile < columns * rows; tile += 1) {
    const [x, y] = [(tile % columns) * side, Math.floor(tile / columns) * side]
    if (!isColoured(pixels, x, y)) continue
    const paper = paperOf(pixels, x, y, counts)
    const distance = hiddenInk(pixels, x, y, paper)
    if (distance === 0) continue
    papers.set(tile, paper)
    distances += distance
  }
  if (papers.size < minTiles) return
  const distance = distances / papers.size
  for (const [tile, paper] of spread(papers, columns, rows)) {
    const [x, y] = [(tile % columns) * side, Math.floor(tile / columns) * side]
    darken(pixels, x, y, paper, Math.min(1, (wantedContrast * paper.grey) / distance))
  }
}

/** Some sample of the tile is no grey. */
function isColoured({ rgb, width, height }: ColouredPixels, left: number, top: number): boolean {
  const [right, bottom] = [Math.min(width, left + side), Math.min(height, top + side)]
  for (let y = top; y < bottom; y += step) {
    for (let x = left; x < right; x += step) {
      const at = 3 * (y * width + x)
      const green = rgb[at + 1] ?? 0
      const chroma = Math.abs((rgb[at] ?? 0) - green) + Math.abs((rgb[at + 2] ?? 0) - green)
      if (chroma >= minInk / 2) return true
    }
  }
  return false
}

/** The paper of a tile: the median of each channel. */
function paperOf(
  { grey, rgb, width, height }: ColouredPixels,
  left: number,
  top: number,
  counts: Uint16Array,
): Paper {
  counts.fill(0)
  const [right, bottom] = [Math.min(width, left + side), Math.min(height, top + side)]
  let samples = 0
  for (let y = top; y < bottom; y += step) {
    for (let x = left; x < right; x += step, samples += 1) {
      const at = y * width + x
      const values = [rgb[3 * at], rgb[3 * at + 1], rgb[3 * at + 2], grey[at]]
      for (let channel = 0; channel < 4; channel += 1) {
        const bin = 256 * channel + (values[channel] ?? 0)
        counts[bin] = (counts[bin] ?? 0) + 1
      }
    }
  }
  const medianOf = (channel: number): number => {
    let [seen, value] = [0, -1]
    while (2 * seen <= samples && value < 255) seen += counts[256 * channel + ++value] ?? 0
    return value
  }
  return { red: medianOf(0), green: medianOf(1), blue: medianOf(2), grey: medianOf(3) }
}

function distanceTo({ red, green, blue }: Paper, rgb: Uint8Array, at: number): number {
  return Math.max(
    Math.abs((rgb[3 * at] ?? 0) - red),
    Math.abs((rgb[3 * at + 1] ?? 0) - green),
    Math.abs((rgb[3 * at + 2] ?? 0) - blue),
  )
}

/** Mean distance of a tile's hidden ink from its paper; 0 where it has none, or as much that is visible. */
function hiddenInk(
  { grey, rgb, width, height }: ColouredPixels,
  left: number,
  top: number,
  paper: Paper,
): number {
  const [right, bottom] = [Math.min(width, left + side), Math.min(height, top + side)]
  let [samples, ofPaper, between, hidden, other, sum] = [0, 0, 0, 0, 0, 0]
  for (let y = top; y < bottom; y += step) {
    for (let x = left; x < right; x += step, samples += 1) {
      const at = y * width + x
      const distance = distanceTo(paper, rgb, at)
      if (distance <= maxPaper) ofPaper += 1
      else if (distance < minInk) between += 1
      else if (minRatio * Math.abs((grey[at] ?? 0) - paper.grey) > distance) other += 1
      else {
        hidden += 1
        sum += distance
      }
    }
  }
  const isWritten = ofPaper >= paperShare * samples && hidden >= inkShare * samples
  const isSharp = hidden >= between
  return isWritten && isSharp && hidden >= minOverOther * other ? sum / hidden : 0
}

/** Adds the neighbours of tiles: letters reach into them. */
function spread(
  papers: ReadonlyMap<number, Paper>,
  columns: number,
  rows: number,
): Map<number, Paper> {
  const all = new Map(papers)
  for (const [tile, paper] of papers) {
    const [column, row] = [tile % columns, Math.floor(tile / columns)]
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
        if (!all.has(y * columns + x)) all.set(y * columns + x, paper)
      }
    }
  }
  return all
}

function darken(
  { grey, rgb, width, height }: ColouredPixels,
  left: number,
  top: number,
  paper: Paper,
  gain: number,
): void {
  const [right, bottom] = [Math.min(width, left + side), Math.min(height, top + side)]
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const at = y * width + x
      const distance = distanceTo(paper, rgb, at)
      const value = grey[at] ?? 0
      const isVisible = Math.abs(value - paper.grey) > Math.max(maxGrey, distance / 2)
      if (isVisible || distance <= grain) continue
      grey[at] = Math.max(0, value - gain * (distance - grain))
    }
  }
}
