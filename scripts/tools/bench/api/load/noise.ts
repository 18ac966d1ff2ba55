import { randomBytes, randomUUID } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'

const signature = Buffer.from('89504e470d0a1a0a', 'hex')

/** Makes PNG files of about this many bytes, all different: constant noise, and a varying comment. */
export function createNoise(bytes: number): () => Buffer[] {
  const side = Math.max(1, Math.floor(Math.sqrt(bytes)))
  const rows = Buffer.concat(
    Array.from({ length: side }, () => Buffer.concat([Buffer.of(0), randomBytes(side)])),
  )
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  head.writeUInt8(8, 8) // Eight bits of grey.
  const first = Buffer.concat([signature, chunk('IHDR', head)])
  const last = Buffer.concat([chunk('IDAT', deflateSync(rows, { level: 0 })), chunk('IEND')])
  return () => [first, chunk('tEXt', Buffer.from(`Comment\0${randomUUID()}`)), last]
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const content = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(content))
  return Buffer.concat([length, content, sum])
}
