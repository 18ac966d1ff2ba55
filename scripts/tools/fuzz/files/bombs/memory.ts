import { crc32, deflateRawSync, deflateSync, constants } from 'node:zlib'
import sharp from 'sharp'
import type { Random } from '../../../common/random.ts'
import type { HostileFile } from '../hostile-file.ts'

/** Small files that need gigabytes to decode, one for each method. */

/** A PDF of one page with these objects, from number 4 on: 4 is its content, 5 the object that it calls /F. */
function pdfWith(objects: readonly (string | Buffer)[]): Buffer {
  const all = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>',
    ...objects,
  ]
  const parts = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  const end = (): number => parts.reduce((sum, { length }) => sum + length, 0)
  all.forEach((object, index) => {
    offsets.push(end())
    const head = Buffer.from(`${index + 1} 0 obj\n`)
    parts.push(Buffer.concat([head, Buffer.from(object), Buffer.from('\nendobj\n')]))
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const size = all.length + 1
  const xref = `xref\n0 ${size}\n0000000000 65535 f \n${table}`
  const trailer = `trailer<</Size ${size}/Root 1 0 R>>\nstartxref\n${end()}\n%%EOF\n`
  return Buffer.concat([...parts, Buffer.from(xref + trailer)])
}

function stream(entries: string, bytes: Buffer): Buffer {
  const head = Buffer.from(`<<${entries}/Length ${bytes.length}>>stream\n`)
  return Buffer.concat([head, bytes, Buffer.from('\nendstream')])
}

/** Twelve forms, each of which draws the next one ten times: a billion laughs. */
function laughs(): Buffer {
  const draw = Buffer.from('/F Do\n'.repeat(10))
  const form = '/Type/XObject/Subtype/Form/BBox[0 0 600 800]'
  const forms = Array.from({ length: 12 }, (_, index) =>
    stream(`${form}/Resources<</XObject<</F ${index + 6} 0 R>>>>`, draw),
  )
  const last = stream(form, Buffer.from('0 0 9 9 re f'))
  return pdfWith([stream('', Buffer.from('/F Do')), ...forms, last])
}

/** Content of `gigabytes` that is deflated twice. */
function deflatedTwice(gigabytes: number): Buffer {
  const mebibyte = Buffer.from('0 0 m 9 9 l S \n'.repeat(69_905)).subarray(0, 2 ** 20)
  // Blocks that end with a full flush can be concatenated.
  const block = deflateRawSync(mebibyte, { finishFlush: constants.Z_FULL_FLUSH })
  const blocks = Array.from({ length: gigabytes * 1_024 }, () => block)
  const once = Buffer.concat([Buffer.from('789c', 'hex'), ...blocks, Buffer.from('0300', 'hex')])
  const content = stream('/Filter[/FlateDecode/FlateDecode]', deflateSync(once))
  return pdfWith([content, stream('/Type/XObject/Subtype/Form/BBox[0 0 1 1]', Buffer.alloc(0))])
}

/** A JBIG2 image of `side` x `side` pixels: an empty page. */
function jbig2(side: number): Buffer {
  const page = Buffer.alloc(30)
  page.writeUInt8(0x30, 4) // Page information.
  page.writeUInt8(1, 6)
  page.writeUInt32BE(19, 7)
  page.writeUInt32BE(side, 11)
  page.writeUInt32BE(side, 15)
  const image = `/Type/XObject/Subtype/Image/Width ${side}/Height ${side}/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/JBIG2Decode`
  return pdfWith([stream('', Buffer.from('600 0 0 800 0 0 cm /F Do')), stream(image, page)])
}

const tiny = (channels: 3 | 4) =>
  sharp({ create: { width: 64, height: 64, channels, background: 'white' } })

/** An AVIF that claims `side` x `side` pixels. */
async function avif(side: number): Promise<Buffer> {
  const bytes = await tiny(3).avif({ effort: 0 }).toBuffer()
  const size = bytes.indexOf('ispe') + 8
  bytes.writeUInt32BE(side, size)
  bytes.writeUInt32BE(side, size + 4)
  return bytes
}

/** An interlaced PNG of 16 bits a sample that claims this size. */
async function interlacedPng(side: number): Promise<Buffer> {
  const bytes = await tiny(4).toColourspace('rgb16').png({ progressive: true }).toBuffer()
  // After the signature: length, `IHDR`, width, height, five more bytes, and a checksum over all but the length.
  bytes.writeUInt32BE(side, 16)
  bytes.writeUInt32BE(side, 20)
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29)
  return bytes
}

/** A progressive JPEG that claims this size. */
async function progressiveJpeg(side: number): Promise<Buffer> {
  const bytes = await tiny(3).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer()
  const frame = bytes.indexOf(Buffer.from('ffc2', 'hex'))
  bytes.writeUInt16BE(side, frame + 5)
  bytes.writeUInt16BE(side, frame + 7)
  return bytes
}

/** 35 bytes. */
function gif(side: number): Buffer {
  const bytes = Buffer.from(
    '47494638396100000000f00000000000ffffff2c00000000000000000002024c01003b',
    'hex',
  )
  bytes.writeUInt16LE(side, 6)
  bytes.writeUInt16LE(side, 8)
  bytes.writeUInt16LE(side, 24)
  bytes.writeUInt16LE(side, 26)
  return bytes
}

/** One of each, as large as a limit of megapixels permits. */
export async function makeMemoryBombs(random: Random): Promise<HostileFile[]> {
  const side = random.integer(7_000, 10_001)
  const bombs: Record<string, Buffer> = {
    'laughs.pdf': laughs(),
    'deflated-twice.pdf': deflatedTwice(random.integer(1, 4)),
    'jbig2.pdf': jbig2(random.integer(20_000, 28_001)),
    'claims.avif': await avif(side),
    'interlaced.png': await interlacedPng(side),
    'progressive.jpg': await progressiveJpeg(side),
    'canvas.gif': gif(side),
  }
  return Object.entries(bombs).map(([name, bytes]) => ({ name, kind: `memory ${name}`, bytes }))
}
