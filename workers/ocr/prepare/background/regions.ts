/** The tiles of one panel, and their bounding box in columns and rows, both ends inclusive. */
export interface Panel {
  tiles: number[]
  left: number
  top: number
  right: number
  bottom: number
}

/** Gathers the 4-connected regions of ones. */
export function gatherPanels(ones: Float32Array, columns: number): Panel[] {
  const panels = new Map<number, Panel>()
  labelTiles(ones, columns).forEach((label, at) => {
    if (label === 0) return
    const [x, y] = [at % columns, Math.floor(at / columns)]
    const panel = panels.get(label) ?? { tiles: [], left: x, top: y, right: x, bottom: y }
    panel.tiles.push(at)
    panel.left = Math.min(panel.left, x)
    panel.right = Math.max(panel.right, x)
    panel.bottom = y
    panels.set(label, panel)
  })
  return [...panels.values()]
}

/** Numbers the 4-connected regions of ones, from 1. */
function labelTiles(ones: Float32Array, columns: number): Int32Array {
  const labels = new Int32Array(ones.length)
  let label = 0
  ones.forEach((one, start) => {
    if (one === 0 || labels[start] !== 0) return
    label += 1
    const stack = [start]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (ones[at] !== 1 || labels[at] !== 0) continue
      labels[at] = label
      stack.push(at - columns, at + columns)
      if (at % columns > 0) stack.push(at - 1)
      if (at % columns < columns - 1) stack.push(at + 1)
    }
  })
  return labels
}
