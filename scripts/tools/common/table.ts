/** Three significant digits; integers unchanged. */
export function show(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

/** Rows of cells as lines with aligned columns. */
export function align(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Bars on one scale, one per line. */
export function drawBars(
  bars: readonly { label: string; value: number }[],
  unit: string,
  width = 40,
): string[] {
  const longest = Math.max(...bars.map(({ label }) => label.length))
  const highest = Math.max(...bars.map(({ value }) => value))
  return bars.map(({ label, value }) => {
    const bar = '█'.repeat(Math.round((width * value) / highest))
    return `  ${label.padEnd(longest)}  ${bar} ${show(value)} ${unit}`
  })
}
