import type { Raster, Samples } from '../../../../shared/raster/raster.ts'

type Pixels = Omit<Raster<Samples>, 'dpi'>

/** Rows are yielded in bands of this size, bytes. */
const bandBytes = 1_048_576

/**
 * The rows of a picture in PNG's form (RFC 2083, section 6), each after the number of its filter: of none, Sub, Up and
 * Paeth the one with the smallest differences, as PNG itself recommends.
 */
export function* filterRows({ width, height, channels, samples }: Pixels): Generator<Uint8Array> {
  const pixelBytes = channels * samples.BYTES_PER_ELEMENT
  const rowBytes = width * pixelBytes
  const bandRows = Math.max(1, Math.floor(bandBytes / rowBytes))
  let above: Uint8Array = new Uint8Array(rowBytes)
  for (let top = 0; top < height; top += bandRows) {
    const rows = Math.min(bandRows, height - top)
    const band = new Uint8Array(rows * (rowBytes + 1))
    for (let y = 0; y < rows; y += 1) {
      const row = bytesOfRow(samples, (top + y) * width * channels, width * channels)
      filterRow(row, above, pixelBytes, band.subarray(y * (rowBytes + 1), (y + 1) * (rowBytes + 1)))
      above = row
    }
    yield band
  }
}

/** Samples of 16 bits have their higher byte first. */
function bytesOfRow(samples: Samples, from: number, count: number): Uint8Array {
  if (samples instanceof Uint8Array) return samples.subarray(from, from + count)
  return Buffer.from(samples.slice(from, from + count).buffer).swap16()
}

function filterRow(row: Uint8Array, above: Uint8Array, pixelBytes: number, out: Uint8Array): void {
  const filter = bestFilter(row, above, pixelBytes)
  out[0] = filter
  for (let at = 0; at < row.length; at += 1) {
    const left = at < pixelBytes ? 0 : (row[at - pixelBytes] ?? 0)
    const up = above[at] ?? 0
    const corner = at < pixelBytes ? 0 : (above[at - pixelBytes] ?? 0)
    const guess =
      filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? up : paeth(left, up, corner)
    out[at + 1] = (row[at] ?? 0) - guess
  }
}

function bestFilter(row: Uint8Array, above: Uint8Array, pixelBytes: number): 0 | 1 | 2 | 4 {
  let none = 0
  let sub = 0
  let upwards = 0
  let both = 0
  for (let at = 0; at < row.length; at += 1) {
    const value = row[at] ?? 0
    const left = at < pixelBytes ? 0 : (row[at - pixelBytes] ?? 0)
    const up = above[at] ?? 0
    const corner = at < pixelBytes ? 0 : (above[at - pixelBytes] ?? 0)
    none += size(value)
    sub += size(value - left)
    upwards += size(value - up)
    both += size(value - paeth(left, up, corner))
  }
  const least = Math.min(none, sub, upwards, both)
  return least === none ? 0 : least === sub ? 1 : least === upwards ? 2 : 4
}

/** Magnitude of a difference, as a signed byte. */
const size = (difference: number): number => Math.abs((difference << 24) >> 24)

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const toLeft = Math.abs(guess - left)
  const toUp = Math.abs(guess - up)
  const toCorner = Math.abs(guess - corner)
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}
