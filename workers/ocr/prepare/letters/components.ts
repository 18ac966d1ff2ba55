import type { Grey } from '../grey.ts'

/** The boxes of connected ink as columns of numbers; `x1` and `y1` are exclusive. */
export interface Components {
  count: number
  x0: Int32Array
  y0: Int32Array
  x1: Int32Array
  y1: Int32Array
  /** Number of ink pixels. */
  area: Int32Array
  /** 1 where ink runs along all four sides of the box: the frame of a cell, a box of a form. */
  isFrame: Uint8Array
}

/**
 * Finds the 8-connected components of pixels darker than `threshold`, by runs and union-find (He, Chao, Suzuki: A
 * run-based two-scan labeling algorithm, IEEE TIP 2008). Skips the rows below once there are `maxRuns` runs.
 */
export function findComponents(image: Grey, threshold: number, maxRuns = 2_000_000): Components {
  const runs = findRuns(image, threshold, maxRuns)
  return gather(runs, connect(runs))
}

/** Runs of ink in rows, from the top, as columns of numbers; `to` is exclusive. */
interface Runs {
  count: number
  from: Int32Array
  to: Int32Array
  row: Int32Array
}

function findRuns({ data, width, height }: Grey, threshold: number, maxRuns: number): Runs {
  let room = 4096 + width
  let { from, to, row } = columnsOfRuns(room)
  let count = 0
  for (let y = 0; y < height && count < maxRuns; y += 1) {
    if (count + width > room) {
      room = 2 * room
      ;({ from, to, row } = enlarge({ from, to, row }, room))
    }
    const start = y * width
    const end = start + width
    for (let at = start; at < end; at += 1) {
      if ((data[at] ?? 255) >= threshold) continue
      const first = at
      while (at < end && (data[at] ?? 255) < threshold) at += 1
      from[count] = first - start
      to[count] = at - start
      row[count] = y
      count += 1
    }
  }
  return { count, from, to, row }
}

const columnsOfRuns = (room: number) => ({
  from: new Int32Array(room),
  to: new Int32Array(room),
  row: new Int32Array(room),
})

function enlarge({ from, to, row }: Omit<Runs, 'count'>, room: number) {
  const larger = columnsOfRuns(room)
  larger.from.set(from)
  larger.to.set(to)
  larger.row.set(row)
  return larger
}

/**
 * Returns for each run the first run of its component, found through the runs that touch it from the row above,
 * diagonals included.
 */
function connect({ count, from, to, row }: Runs): Int32Array {
  const parent = new Int32Array(count)
  for (let run = 0; run < count; run += 1) parent[run] = run
  let above = 0
  for (let run = 0; run < count; run += 1) {
    const upper = (row[run] ?? 0) - 1
    const [left, right] = [from[run] ?? 0, to[run] ?? 0]
    while ((row[above] ?? 0) < upper || ((row[above] ?? 0) === upper && (to[above] ?? 0) < left))
      above += 1
    for (let at = above; (row[at] ?? 0) === upper && (from[at] ?? 0) <= right; at += 1) {
      const [a, b] = [rootOf(parent, at), rootOf(parent, run)]
      if (a < b) parent[b] = a
      else parent[a] = b
    }
  }
  for (let run = 0; run < count; run += 1) parent[run] = rootOf(parent, run)
  return parent
}

/** Finds the root and shortens the path on the way. */
function rootOf(parent: Int32Array, run: number): number {
  let root = run
  for (let up = parent[root] ?? root; up !== root; up = parent[root] ?? root) root = up
  for (let at = run; at !== root;) {
    const up = parent[at] ?? root
    parent[at] = root
    at = up
  }
  return root
}

function gather(all: Runs, roots: Int32Array): Components {
  const { count: runs, from, to, row } = all
  const place = new Int32Array(runs)
  let count = 0
  for (let run = 0; run < runs; run += 1) if (roots[run] === run) place[run] = count++
  const zeros = () => new Int32Array(count)
  const [x0, y0, x1, y1, area] = [zeros().fill(2 ** 30), zeros(), zeros(), zeros(), zeros()]
  // From the bottom, so that a component's first row is written last.
  for (let run = runs - 1; run >= 0; run -= 1) {
    const at = place[roots[run] ?? 0] ?? 0
    const [left, right, y] = [from[run] ?? 0, to[run] ?? 0, row[run] ?? 0]
    x0[at] = Math.min(x0[at] ?? left, left)
    x1[at] = Math.max(x1[at] ?? right, right)
    y0[at] = y
    y1[at] = Math.max(y1[at] ?? 0, y + 1)
    area[at] = (area[at] ?? 0) + right - left
  }
  const boxes = { count, x0, y0, x1, y1, area }
  return { ...boxes, isFrame: findFrames(all, (run) => place[roots[run] ?? 0] ?? 0, boxes) }
}

/** Ink of a frame covers this share of each side. The sides may lean by a share of the box. */
const [minSide, maxLean] = [0.8, 0.06]

/** Marks the components whose ink covers all four sides of their box. */
function findFrames(
  { count: runs, from, to, row }: Runs,
  placeOf: (run: number) => number,
  { count, x0, y0, x1, y1 }: Omit<Components, 'isFrame'>,
): Uint8Array {
  const zeros = () => new Int32Array(count)
  // The longest runs near the upper and the lower side, and the number of runs that begin or end near the others.
  const [top, bottom, left, right] = [zeros(), zeros(), zeros(), zeros()]
  for (let run = 0; run < runs; run += 1) {
    const at = placeOf(run)
    const [first, end, y] = [from[run] ?? 0, to[run] ?? 0, row[run] ?? 0]
    const [boxLeft, boxTop, boxRight, boxBottom] = [
      x0[at] ?? 0,
      y0[at] ?? 0,
      x1[at] ?? 0,
      y1[at] ?? 0,
    ]
    const across = maxLean * (boxRight - boxLeft)
    const down = maxLean * (boxBottom - boxTop)
    if (y - boxTop <= down) top[at] = Math.max(top[at] ?? 0, end - first)
    if (boxBottom - 1 - y <= down) bottom[at] = Math.max(bottom[at] ?? 0, end - first)
    if (first - boxLeft <= across) left[at] = (left[at] ?? 0) + 1
    if (boxRight - end <= across) right[at] = (right[at] ?? 0) + 1
  }
  return Uint8Array.from(top, (_, at) => {
    const width = minSide * ((x1[at] ?? 0) - (x0[at] ?? 0))
    const height = minSide * ((y1[at] ?? 0) - (y0[at] ?? 0))
    const isLong = Math.min(top[at] ?? 0, bottom[at] ?? 0) >= width
    return isLong && Math.min(left[at] ?? 0, right[at] ?? 0) >= height ? 1 : 0
  })
}
