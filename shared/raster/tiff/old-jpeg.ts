import { damaged } from '../raster.ts'
import type { TiffDirectory, TiffFile } from './tiff-directory.ts'
import { tags } from './tiff-tags.ts'

const sizeOfQuantization = 64
const lengthsOfCodes = 16
const baseline = 1

const marker = (code: number, payload: Buffer): Buffer => {
  const head = Buffer.from([0xff, code, 0, 0])
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

/**
 * Whether a page is an old-style JPEG (TIFF 6.0, section 22) whose strips hold only the coded samples: the tables are at
 * places that the fields name, one for each channel.
 */
export function hasJpegTables(directory: TiffDirectory): boolean {
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  return (
    (directory.first(tags.jpegProcess) ?? baseline) === baseline &&
    (directory.first(tags.planarConfiguration) ?? 1) === 1 &&
    (samples === 1 || samples === 3) &&
    [tags.jpegQTables, tags.jpegDcTables, tags.jpegAcTables].every(
      (tag) => directory.values(tag).length >= samples,
    )
  )
}

/** The strips of such a page, each as a whole JPEG file. Throws `corrupt_image` where a table is outside the file. */
export function jpegsOf(
  tiff: TiffFile,
  directory: TiffDirectory,
  strips: readonly Buffer[],
): Buffer[] {
  const height = directory.first(tags.height) ?? 0
  const rows = Math.min(height, directory.first(tags.rowsPerStrip) ?? height)
  const tables = tablesOf(tiff, directory)
  const scan = marker(0xda, startOfScan(directory))
  return strips.map((strip, index) =>
    Buffer.concat([
      Buffer.from('ffd8', 'hex'),
      ...tables,
      marker(0xc0, frameOf(directory, Math.max(1, Math.min(rows, height - index * rows)))),
      scan,
      strip,
      Buffer.from('ffd9', 'hex'),
    ]),
  )
}

function tablesOf({ bytes }: TiffFile, directory: TiffDirectory): Buffer[] {
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  const read = (tag: number, code: number, lengthAt: (at: number) => number, kind = 0): Buffer[] =>
    directory
      .values(tag)
      .slice(0, samples)
      .map((at, index) => {
        const length = lengthAt(at)
        if (at + length > bytes.length) throw damaged('a table of its JPEG is outside the file')
        const name = Buffer.from([kind + index])
        return marker(code, Buffer.concat([name, bytes.subarray(at, at + length)]))
      })
  const codesAt = (at: number): number =>
    bytes.subarray(at, at + lengthsOfCodes).reduce((sum, count) => sum + count, lengthsOfCodes)
  const interval = directory.first(tags.jpegRestartInterval) ?? 0
  return [
    ...read(tags.jpegQTables, 0xdb, () => sizeOfQuantization),
    ...read(tags.jpegDcTables, 0xc4, codesAt),
    ...read(tags.jpegAcTables, 0xc4, codesAt, 0x10),
    ...(interval === 0 ? [] : [marker(0xdd, Buffer.from([interval >> 8, interval & 0xff]))]),
  ]
}

/** The frame header of a baseline JPEG (ITU T.81, B.2.2) of `rows` rows; each channel has its own tables. */
function frameOf(directory: TiffDirectory, rows: number): Buffer {
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  const width = directory.first(tags.width) ?? 0
  // Missing, it is 2 by 2.
  const [across = 2, down = across] = directory.values(tags.subsampling)
  const head = Buffer.from([8, 0, 0, 0, 0, samples])
  head.writeUInt16BE(rows & 0xffff, 1)
  head.writeUInt16BE(width & 0xffff, 3)
  const channels = Array.from({ length: samples }, (_, index) => {
    const isSampledMore = samples > 1 && index === 0
    return [index + 1, isSampledMore ? ((across & 15) << 4) | (down & 15) : 0x11, index]
  })
  return Buffer.concat([head, Buffer.from(channels.flat())])
}

function startOfScan(directory: TiffDirectory): Buffer {
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  const channels = Array.from({ length: samples }, (_, index) => [index + 1, (index << 4) | index])
  return Buffer.from([samples, ...channels.flat(), 0, 63, 0])
}
