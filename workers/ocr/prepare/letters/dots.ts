import type { Glyph } from './glyph.ts'

/** A dot's neighbours are at the points of the raster, within this share of its pitch. */
const tolerance = 0.25
/** Minimum number of the four neighbours: dots at the border of a picture lack one. */
const minNeighbours = 3
/** Neighbours of a dot are at most this many of its sizes away. */
const maxPitch = 2.5
/** Fewer dots than this are the leaders of a table. */
const minDots = 60

/**
 * Marks the glyphs that are dots of a raster, as a printed picture is: each has others of its size at the same distance
 * in four directions, whatever the raster's angle.
 */
export function findDots(glyphs: readonly Glyph[]): Uint8Array {
  const dots = new Uint8Array(glyphs.length)
  const middle = glyphs[glyphs.length >> 1]
  if (middle === undefined || glyphs.length < minDots) return dots
  const grid = createGrid(glyphs, 2 * sizeOf(middle))
  let count = 0
  glyphs.forEach((glyph, at) => {
    if (!isInRaster(glyph, grid)) return
    dots[at] = 1
    count += 1
  })
  return count < minDots ? new Uint8Array(glyphs.length) : dots
}

const sizeOf = ({ x0, y0, x1, y1 }: Glyph): number => Math.max(x1 - x0, y1 - y0)
const middleOf = ({ x0, y0, x1, y1 }: Glyph) => ({ x: (x0 + x1) / 2, y: (y0 + y1) / 2 })

function isInRaster(dot: Glyph, nearestTo: Grid): boolean {
  const { x, y } = middleOf(dot)
  const nearest = nearestTo(dot, x, y, maxPitch * sizeOf(dot))
  if (nearest === undefined) return false
  const other = middleOf(nearest)
  const [dx, dy] = [other.x - x, other.y - y]
  const reach = tolerance * Math.hypot(dx, dy) + 1
  let neighbours = 1
  for (const [across, down] of [
    [-dx, -dy],
    [-dy, dx],
    [dy, -dx],
  ] as const) {
    if (nearestTo(dot, x + across, y + down, reach) !== undefined) neighbours += 1
  }
  return neighbours >= minNeighbours
}

/** Finds the nearest glyph of a dot's size, other than itself, within the reach of a point. */
type Grid = (dot: Glyph, x: number, y: number, reach: number) => Glyph | undefined

const keyOf = (column: number, row: number): number => row * 65_536 + column

function createGrid(glyphs: readonly Glyph[], side: number): Grid {
  const cells = new Map<number, Glyph[]>()
  for (const glyph of glyphs) {
    const { x, y } = middleOf(glyph)
    const key = keyOf(Math.floor(x / side), Math.floor(y / side))
    const found = cells.get(key)
    if (found === undefined) cells.set(key, [glyph])
    else found.push(glyph)
  }
  return (dot, x, y, reach) => {
    let [nearest, best]: [Glyph | undefined, number] = [undefined, reach]
    const size = sizeOf(dot)
    for (let row = Math.floor((y - reach) / side); row <= (y + reach) / side; row += 1) {
      for (let column = Math.floor((x - reach) / side); column <= (x + reach) / side; column += 1) {
        for (const glyph of cells.get(keyOf(column, row)) ?? []) {
          const other = middleOf(glyph)
          const distance = Math.hypot(other.x - x, other.y - y)
          if (distance > best || glyph === dot) continue
          const ratio = sizeOf(glyph) / size
          if (ratio > 1.5 || ratio < 1 / 1.5) continue
          ;[nearest, best] = [glyph, distance]
        }
      }
    }
    return nearest
  }
}
