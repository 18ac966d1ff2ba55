import sharp from 'sharp'
import { ScriptoriumError, toError } from '../../../../shared/errors.ts'
import { createDecodeThread } from '../decode-thread.ts'
import { corrupt, describePixels } from '../image.ts'
import {
  toOrientation,
  type OpenedDocument,
  type OpenedPage,
  type Opener,
  type OpenLimits,
} from '../opened.ts'
import type { RasterCalls } from './calls.ts'
import { damaged, eightBits, requireSize, type Raster } from '../../../../shared/raster/raster.ts'
import { readTiff } from '../../../../shared/raster/tiff-directory.ts'
import { routeOf } from '../../../../shared/raster/tiff-route.ts'
import { pageAlone, type TiffPage } from '../../../../shared/raster/tiff.ts'
import { unpackSamples } from '../../../../shared/raster/unpack.ts'

/** Opens what libvips' prebuilt does not know, or not in every variant: BMP, PNM and TIFF. */
export function createRasterOpeners() {
  const thread = createDecodeThread<RasterCalls>({
    script: new URL('thread.ts', import.meta.url),
    maxHeapBytes: 0,
  })
  const single =
    (kind: 'bmp' | 'pnm'): Opener =>
    (bytes, { mediaType, limits: { maxMegapixels, decodeMs } }) =>
      Promise.resolve({
        ...fixed(bytes, mediaType, 1),
        async page() {
          const copy = new Uint8Array(bytes)
          const options = { deadlineMs: decodeMs, transfer: [copy.buffer] }
          const call = thread.call(kind, { bytes: copy, maxMegapixels }, options)
          return toOpened(await call.catch(explain))
        },
      })

  const openTiff: Opener = (bytes, { mediaType, limits }) => {
    const tiff = readTiff(bytes, limits.maxPages + 1)
    const pagesTotal = tiff.directories.length
    requirePages(pagesTotal, limits)
    const document: OpenedDocument = {
      ...fixed(bytes, mediaType, pagesTotal),
      async page(number) {
        const index = number - 1
        const directory = tiff.directories[index]
        if (directory === undefined) throw damaged(`it has no page ${number}`)
        const route = routeOf(tiff, directory)
        if (route.how === 'as it is') {
          return describePixels({ data: bytes, page: index }, limits.maxMegapixels)
        }
        if (route.how === 'stream') {
          const data = bytes.subarray(route.start, route.end)
          return describePixels({ data }, limits.maxMegapixels)
        }
        const alone = new Uint8Array(pageAlone(tiff, directory))
        const { decodeMs, maxMegapixels } = limits
        const options = { deadlineMs: decodeMs, transfer: [alone.buffer] }
        const call = thread.call('tiff', { bytes: alone, maxMegapixels }, options)
        const decodable = await call.catch(explain)
        return finish(decodable, maxMegapixels)
      },
    }
    return Promise.resolve(document)
  }
  return { openBmp: single('bmp'), openPnm: single('pnm'), openTiff, close: thread.close }
}

/** What a decoder broke down on is damaged, as far as anybody can tell. */
function explain(thrown: unknown): never {
  if (thrown instanceof ScriptoriumError) throw thrown
  throw damaged(toError(thrown).message)
}

const fixed = (bytes: Buffer, mediaType: string, pagesTotal: number) => ({
  mediaType,
  pagesTotal,
  bytesHeld: bytes.length,
  isLost: () => false,
  close: () => Promise.resolve(),
})

function requirePages(pagesTotal: number, { maxPages }: OpenLimits): void {
  if (pagesTotal < 1) throw new ScriptoriumError('no_pages', 'is a TIFF without pages')
  if (pagesTotal <= maxPages) return
  const limit = `SCRIPTORIUM_MAX_PAGES=${maxPages}`
  throw new ScriptoriumError('too_many_pages', `has more pages than ${limit}`)
}

function toOpened({ width, height, channels, samples, dpi }: Raster): OpenedPage {
  const data = Buffer.from(samples.buffer)
  const pixels = { data, raw: { width, height, channels } }
  return { kind: 'pixels', pixels, width, height, dpi, orientation: 1 }
}

/** What libtiff's samples still need to be the page's. */
async function finish({ file, rest }: TiffPage, maxMegapixels: number): Promise<OpenedPage> {
  const bytes = Buffer.from(file)
  const page = await describePixels({ data: bytes }, maxMegapixels)
  if (rest.kind === 'nothing' || page.kind !== 'pixels') return page
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: maxMegapixels * 1e6 })
  const { data, info } = await image
    .extractChannel(0)
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((thrown: unknown) => {
      throw corrupt(thrown)
    })
  if (rest.kind === 'lightness') {
    return {
      ...page,
      pixels: { data, raw: { width: info.width, height: info.height, channels: 1 } },
    }
  }
  requireSize(rest.width, info.height, maxMegapixels)
  const unpacked = unpackSamples(data, { ...rest, height: info.height }, eightBits)
  const orientation = toOrientation(rest.orientation)
  return { ...toOpened({ ...unpacked, dpi: page.dpi }), orientation }
}
