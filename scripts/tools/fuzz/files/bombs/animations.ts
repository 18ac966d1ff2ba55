import sharp from 'sharp'
import type { Random } from '../../../common/random.ts'
import type { HostileFile } from '../hostile-file.ts'

const side = 16

/** A GIF of frames of one pixel each, on a canvas of any size; it may announce one frame and be truncated. */
export function gifOf(frames: number, canvas = { width: side, height: side }): Buffer {
  const head = Buffer.from('47494638396100000000800000000000ffffff', 'hex')
  head.writeUInt16LE(canvas.width, 6)
  head.writeUInt16LE(canvas.height, 8)
  const frame = Buffer.from('2c0000000001000100000202440100', 'hex')
  return Buffer.concat([head, Buffer.alloc(frame.length * frames, frame), Buffer.from([0x3b])])
}

/** A WebP of identical frames. */
export async function webpOf(frames: number): Promise<Buffer> {
  const still = sharp({ create: { width: side, height: side, channels: 3, background: 'white' } })
  const picture = (await still.webp({ lossless: true }).toBuffer()).subarray(12)
  const canvas = Buffer.alloc(10)
  canvas[0] = 2
  canvas.writeUIntLE(side - 1, 4, 3)
  canvas.writeUIntLE(side - 1, 7, 3)
  const place = Buffer.alloc(16)
  place.writeUIntLE(side - 1, 6, 3)
  place.writeUIntLE(side - 1, 9, 3)
  const frame = chunk('ANMF', Buffer.concat([place, picture]))
  const rest = [chunk('VP8X', canvas), chunk('ANIM', Buffer.alloc(6))]
  const body = Buffer.concat([...rest, Buffer.alloc(frame.length * frames, frame)])
  return chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), body]))
}

function chunk(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32LE(content.length, 4)
  return Buffer.concat([head, content, Buffer.alloc(content.length & 1)])
}

export async function makeAnimationBombs(random: Random): Promise<HostileFile[]> {
  const canvas = { width: random.integer(1, 65_535), height: random.integer(1, 65_535) }
  return [
    { name: 'canvas.gif', kind: 'gif canvas', bytes: gifOf(1, canvas) },
    { name: 'frames.gif', kind: 'gif frames', bytes: gifOf(random.integer(1_000, 200_000)) },
    {
      name: 'frames.webp',
      kind: 'webp frames',
      bytes: await webpOf(random.integer(1_000, 20_000)),
    },
  ]
}
