import type { Picture } from '../../decoder/picture.ts'

const codestreamStart = 0xff4f
const superboxes = new Set(['jp2h'])

/**
 * A JPEG 2000 file unchanged; a bare codestream is wrapped in the boxes that PDF requires. Undefined where it is
 * neither.
 */
export function readJpeg2000(bytes: Buffer): Picture | undefined {
  if (bytes.length < 50) return undefined
  if (bytes.readUInt16BE(0) === codestreamStart) return wrap(bytes)
  const header = findBox(bytes, 'ihdr')
  if (header === undefined || header.length < 14) return undefined
  return toPicture(header.readUInt32BE(4), header.readUInt32BE(0), [bytes])
}

const toPicture = (width: number, height: number, data: Buffer[]): Picture => ({
  width,
  height,
  colour: { kind: 'inherent' },
  bits: 8,
  entries: '/Filter/JPXDecode',
  data,
})

function findBox(bytes: Buffer, wanted: string): Buffer | undefined {
  let to = bytes.length
  for (let at = 0; at + 8 <= to;) {
    const short = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    const head = short === 1 ? 16 : 8
    const long = short === 1 && at + 16 <= to ? Number(bytes.readBigUInt64BE(at + 8)) : short
    const length = short === 0 ? to - at : long
    if (length < head) return undefined
    const end = Math.min(to, at + length)
    if (type === wanted) return bytes.subarray(at + head, end)
    const isSuperbox = superboxes.has(type)
    if (isSuperbox) to = end
    at += isSuperbox ? head : length
  }
  return undefined
}

/** The SIZ marker follows the start; ISO 15444-1, A.5.1 and I.5. */
function wrap(codestream: Buffer): Picture | undefined {
  const [right, bottom] = [codestream.readUInt32BE(8), codestream.readUInt32BE(12)]
  const [left, top] = [codestream.readUInt32BE(16), codestream.readUInt32BE(20)]
  const [width, height] = [right - left, bottom - top]
  const [components, depth] = [codestream.readUInt16BE(40), codestream[42] ?? 7]
  if (width <= 0 || height <= 0 || (components !== 1 && components !== 3)) return undefined
  const ihdr = Buffer.alloc(14)
  ihdr.writeUInt32BE(height, 0)
  ihdr.writeUInt32BE(width, 4)
  ihdr.writeUInt16BE(components, 8)
  ihdr[10] = depth
  ihdr[11] = 7
  // Enumerated colour space: 17 is grey, 16 sRGB.
  const colr = Buffer.from([1, 0, 0, 0, 0, 0, components === 1 ? 17 : 16])
  const data = [
    box('jP  ', Buffer.from('0d0a870a', 'hex')),
    box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1')),
    box('jp2h', Buffer.concat([box('ihdr', ihdr), box('colr', colr)])),
    box('jp2c', codestream),
  ]
  return toPicture(width, height, data)
}

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(content.length + 8, 0)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, content])
}
