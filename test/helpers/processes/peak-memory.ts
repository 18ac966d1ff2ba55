/**
 * Decodes page 1 of the given file, as a worker's decoder does, and prints by how many bytes the process's
 * resident set grew at most. A process for each file: memory that another left free would hide it.
 */
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { readableTypeOf } from '../../../shared/files/media-types.ts'
import { decodeToGrey } from '../../../workers/ocr/open/raster/grey-page.ts'

const maxMegapixels = 200
const kilobytes = (key: 'VmRSS' | 'VmHWM'): number => {
  const found = new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(found?.[1])
}

const bytes = new Uint8Array(readFileSync(process.argv[2] ?? ''))
const mediaType = await readableTypeOf(Buffer.from(bytes.buffer))
// Memory that libvips allocates once.
await sharp({ create: { width: 8, height: 8, channels: 3, background: 'white' } })
  .png()
  .toBuffer()
const before = kilobytes('VmRSS')
await decodeToGrey({ bytes, mediaType, maxMegapixels })
process.stdout.write(String(1_024 * (kilobytes('VmHWM') - before)))
