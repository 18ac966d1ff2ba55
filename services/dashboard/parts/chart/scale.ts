/** The highest value of an axis, and the steps to it: 1, 2 or 5 times a power of ten. */
export function ticksOf(max: number, wanted = 4): number[] {
  if (!(max > 0)) return [0, 1]
  const rough = max / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough
  const count = Math.ceil(max / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => index * step)
}

export interface LinePoint {
  x: number
  /** Undefined where there is no value: the line has a gap. */
  y: number | undefined
}

/** The path of a line through points; those without a value interrupt it, and a single one is a short stroke. */
export function drawLine(points: readonly LinePoint[]): string {
  let isOn = false
  return points
    .map(({ x, y }, index) => {
      if (y === undefined) {
        isOn = false
        return ''
      }
      const at = `${x.toFixed(1)} ${y.toFixed(1)}`
      const command = isOn ? `L${at}` : `M${at}`
      const isAlone = !isOn && points[index + 1]?.y === undefined
      isOn = true
      return isAlone ? `${command}h2` : command
    })
    .join('')
}
