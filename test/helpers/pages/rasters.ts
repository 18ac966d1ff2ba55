interface GreyPage {
  width: number
  height: number
  /** Row by row, 0 to 255. */
  levels: readonly number[]
}

/** A BMP: indexed with a grey palette up to 8 bits, else in colours; 32 bits as masks. */
export function writeBmp({
  width,
  height,
  levels,
  depth,
  isTopDown = false,
}: GreyPage & { depth: 1 | 4 | 8 | 16 | 24 | 32; isTopDown?: boolean }): Buffer {
  const colours = depth <= 8 ? 2 ** depth : 0
  const palette = Buffer.alloc(4 * colours)
  for (let index = 0; index < colours; index += 1) {
    palette.fill(Math.round((255 * index) / (colours - 1)), 4 * index, 4 * index + 3)
  }
  const masks = depth === 32 ? Buffer.from('0000ff0000ff0000ff000000', 'hex') : Buffer.alloc(0)
  const stride = 4 * Math.ceil((width * depth) / 32)
  const pixels = Buffer.alloc(stride * height)
  levels.forEach((level, index) => {
    const y = Math.floor(index / width)
    const at = stride * (isTopDown ? y : height - 1 - y)
    putPixel(pixels, at, index % width, depth, level)
  })
  const header = Buffer.alloc(54)
  header.write('BM')
  header.writeUInt32LE(54 + palette.length + masks.length, 10)
  header.writeUInt32LE(40, 14)
  header.writeInt32LE(width, 18)
  header.writeInt32LE(isTopDown ? -height : height, 22)
  header.writeUInt16LE(1, 26)
  header.writeUInt16LE(depth, 28)
  header.writeUInt32LE(depth === 32 ? 3 : 0, 30)
  return Buffer.concat([header, masks, palette, pixels])
}

function putPixel(pixels: Buffer, row: number, x: number, depth: number, level: number): void {
  if (depth >= 24) pixels.fill(level, row + (x * depth) / 8, row + (x * depth) / 8 + 3)
  else if (depth === 16) {
    const five = level >> 3
    pixels.writeUInt16LE((five << 10) | (five << 5) | five, row + 2 * x)
  } else {
    const index = level >> (8 - depth)
    const bit = x * depth
    const at = row + (bit >> 3)
    pixels[at] = (pixels[at] ?? 0) | (index << (8 - depth - (bit & 7)))
  }
}

/** A PNM with a comment in its header; pixels darker than 128 are the ink of a bitmap. */
export function writePnm({
  width,
  height,
  levels,
  kind,
}: GreyPage & { kind: 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P6' }): Buffer {
  const isBitmap = kind === 'P1' || kind === 'P4'
  const header = Buffer.from(
    `${kind}\n# made for a test\n${width} ${height}\n${isBitmap ? '' : '255\n'}`,
  )
  const repeated =
    kind === 'P3' || kind === 'P6' ? levels.flatMap((level) => [level, level, level]) : levels
  if (kind === 'P1')
    return Buffer.concat([
      header,
      Buffer.from(levels.map((level) => (level < 128 ? '1' : '0')).join('')),
    ])
  if (kind === 'P2' || kind === 'P3')
    return Buffer.concat([header, Buffer.from(repeated.join(' '))])
  if (kind !== 'P4') return Buffer.concat([header, Buffer.from(repeated)])
  const stride = Math.ceil(width / 8)
  const bits = Buffer.alloc(stride * height)
  levels.forEach((level, index) => {
    const at = Math.floor(index / width) * stride + ((index % width) >> 3)
    if (level < 128) bits[at] = (bits[at] ?? 0) | (128 >> ((index % width) & 7))
  })
  return Buffer.concat([header, bits])
}
