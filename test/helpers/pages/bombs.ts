import { deflateSync } from 'node:zlib'

/** A GIF of 10 000 x 10 000 pixels in 35 bytes: a canvas, and a frame of which one pixel is there. */
export function vastGif(side = 10_000): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt16LE(side, 0)
  size.writeUInt16LE(side, 2)
  const palette = Buffer.from('000000ffffff', 'hex')
  return Buffer.concat([
    Buffer.from('GIF89a'),
    size,
    Buffer.from([0xf0, 0, 0]),
    palette,
    Buffer.from([0x2c, 0, 0, 0, 0]),
    size,
    Buffer.from('0002024c01003b', 'hex'),
  ])
}

/** Deflated twice: this many bytes in a few hundred. */
const bombOf = (content: Buffer): Buffer =>
  deflateSync(deflateSync(content, { level: 9 }), { level: 9 })

/** A PDF of one page beside an object stream that inflates to `bytes` bytes of objects. */
export function objectStreamBomb(bytes: number): Buffer {
  const [entry, object] = ['9 0 ', '0   ']
  const count = Math.floor(bytes / (entry.length + object.length))
  const content = Buffer.alloc(count * (entry.length + object.length), entry)
  content.fill(object, count * entry.length)
  const stream = bombOf(content)
  const head = `<</Type/ObjStm/N ${count}/First ${count * entry.length}/Filter[/FlateDecode/FlateDecode]/Length ${stream.length}>>`
  const parts = [
    '%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n',
    '2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n',
    '3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 700]/Resources<<>>>>\nendobj\n',
    `4 0 obj\n${head}\nstream\n`,
    stream,
    '\nendstream\nendobj\ntrailer\n<</Root 1 0 R/Size 5>>\nstartxref\n0\n%%EOF\n',
  ]
  return Buffer.concat(parts.map((part) => Buffer.from(part)))
}
