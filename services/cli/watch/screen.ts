const escape = '\u001B['
type Terminal = Pick<NodeJS.WriteStream, 'write'> & { columns?: number; rows?: number }

const defaultSize = { columns: 80, rows: 24 }

/**
 * Draws lines on a terminal in the place of the ones before. Neither hides the cursor nor takes another screen: a
 * process that is killed could not undo it, and the last picture stays.
 */
export function createScreen(stream: Terminal) {
  let drawn = 0
  return {
    draw(lines: readonly string[]): void {
      const columns = (stream.columns || defaultSize.columns) - 1
      const rows = (stream.rows || defaultSize.rows) - 1
      const shown = lines.slice(0, rows).map((line) => line.slice(0, columns))
      const up = drawn === 0 ? '' : `${escape}${drawn}A`
      const text = shown.map((line) => `${line}${escape}K\n`).join('')
      stream.write(`${up}\r${text}${escape}J`)
      drawn = shown.length
    },
  }
}
