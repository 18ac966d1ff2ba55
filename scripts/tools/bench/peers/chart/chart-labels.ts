/** A rectangle in pixels. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** A point with its label. */
interface Labelled {
  x: number
  y: number
  text: string
}

export interface PlacedLabel extends Labelled {
  /** Position of the text; its baseline is a little above the bottom. */
  box: Box
  /** The side of the box at which the text is anchored. */
  anchor: 'start' | 'middle' | 'end'
  /** A label this far from its point needs a line. */
  isFar: boolean
}

/** Widths at 13 px, upper bounds for any usual sans-serif. */
const characterWidths: readonly [RegExp, number][] = [
  [/[MWmw]/, 12],
  [/[A-Z]/, 9.8],
  [/[ijltfr.,()' ]/, 5],
]
const usualWidth = 7.8
const lineHeight = 16
const pointRadius = 8
const distances = [10, 20, 32, 46, 62, 80]
const farDistance = 15
/** Costs of unreadable labels, as the distance in pixels that avoiding them is worth. */
const costs = { overlap: 1_000, misleading: 60, crossing: 40 }
const directions = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
  [0.8, -0.8],
  [0.8, 0.8],
  [-0.8, -0.8],
  [-0.8, 0.8],
] as const
type Direction = (typeof directions)[number]

/** Places each label beside its point, inside `area`, over no point, no other label and, if possible, no line. */
export function placeLabels(
  points: readonly Labelled[],
  lines: readonly (readonly Labelled[])[],
  area: Box,
): PlacedLabel[] {
  const obstacles = points.map(({ x, y }) => around(x, y, pointRadius))
  const placed: PlacedLabel[] = []
  for (const point of points) {
    const others = [...obstacles, ...placed.map(({ box }) => box)]
    const candidates = distances.flatMap((distance) =>
      directions.map((direction) => {
        const box = boxAt(point, direction, distance)
        const overlap = others.reduce((sum, other) => sum + overlapOf(box, other), 0)
        const outside = areaOf(box) - overlapOf(box, area)
        const isMisleading = points.some(
          (other) => other !== point && gapOf(other, box) < 2 * gapOf(point, box),
        )
        const cost =
          distance +
          costs.overlap * (overlap + outside) +
          costs.crossing * lines.filter((line) => crosses(line, box)).length +
          (isMisleading ? costs.misleading : 0)
        return { box, anchor: anchorOf(direction), isFar: distance > farDistance, cost }
      }),
    )
    const { box, anchor, isFar } = candidates.reduce((a, b) => (b.cost < a.cost ? b : a))
    placed.push({ ...point, box, anchor, isFar })
  }
  return placed
}

function boxAt({ x, y, text }: Labelled, [dx, dy]: Direction, distance: number): Box {
  const width = widthOf(text)
  const [anchorX, anchorY] = [x + dx * distance, y + dy * distance]
  const left = dx > 0 ? anchorX : dx < 0 ? anchorX - width : anchorX - width / 2
  const top = dy > 0 ? anchorY : dy < 0 ? anchorY - lineHeight : anchorY - lineHeight / 2
  return { left, top, right: left + width, bottom: top + lineHeight }
}

const anchorOf = ([dx]: Direction): PlacedLabel['anchor'] =>
  dx > 0 ? 'start' : dx < 0 ? 'end' : 'middle'

const widthOf = (text: string): number =>
  Array.from(text)
    .map((letter) => characterWidths.find(([kind]) => kind.test(letter))?.[1] ?? usualWidth)
    .reduce((sum, width) => sum + width, 0)

const around = (x: number, y: number, radius: number): Box => ({
  left: x - radius,
  top: y - radius,
  right: x + radius,
  bottom: y + radius,
})

const areaOf = ({ left, top, right, bottom }: Box): number => (right - left) * (bottom - top)

/** Area that two boxes share, square pixels. */
export function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return width > 0 && height > 0 ? width * height : 0
}

/** Distance of a point from a box. */
const gapOf = ({ x, y }: Labelled, { left, top, right, bottom }: Box): number =>
  Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom))

const samples = 40

/** Whether a polyline passes through a box: checks this many places of each segment. */
function crosses(line: readonly Labelled[], box: Box): boolean {
  return line.slice(1).some((to, index) => {
    const from = line[index] ?? to
    return Array.from({ length: samples + 1 }, (_, step) => step / samples).some((share) => {
      const [x, y] = [from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)]
      return overlapOf(around(x, y, 1), box) > 0
    })
  })
}
