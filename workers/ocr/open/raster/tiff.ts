import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { tiffCostOf } from '../../../../shared/raster/decode-cost.ts'
import { damaged } from '../../../../shared/raster/raster.ts'
import {
  isSquare,
  pixelShapeOf,
  tiffPixelShapeOf,
} from '../../../../shared/raster/headers/pixel-shape.ts'
import { readTiff } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { routeOf } from '../../../../shared/raster/tiff/tiff-route.ts'
import { pageAlone, pageFile } from '../../../../shared/raster/tiff/tiff.ts'
import type { PageDecoder } from '../decoder/decoder.ts'
import { isPlain, requireCost } from '../decoder/cost.ts'
import { decodeInProcess, pictureInProcess } from '../decoder/grey.ts'
import { describePixels } from '../image.ts'
import type { OpenedDocument, Opener, OpenLimits } from '../opened.ts'

/** Opens TIFF files, page by page. */
export function createTiffOpener(decoder: PageDecoder): Opener {
  return (bytes, { mediaType, limits }) => {
    const tiff = readTiff(bytes, limits.maxPages + 1)
    const { pagesTotal } = tiff
    requirePages(pagesTotal, limits)
    const find = (number: number) => {
      const directory = tiff.page(number - 1)
      if (directory === undefined) throw damaged(`it has no page ${number}`)
      const route = routeOf(tiff, directory)
      const isJpeg = route.how === 'stream'
      const stream = isJpeg ? bytes.subarray(route.start, route.end) : undefined
      const makeFile = route.how === 'as it is' ? pageFile : pageAlone
      return {
        directory,
        stream,
        isWhole: isJpeg || route.how === 'as it is',
        cost: tiffCostOf(tiff, directory),
        /** The page in a file of its own. */
        alone: () => stream ?? makeFile(tiff, directory),
        type: isJpeg ? 'image/jpeg' : mediaType,
      } as const
    }
    const document: OpenedDocument = {
      mediaType,
      pagesTotal,
      bytesHeld: bytes.length,
      isLost: () => false,
      async page(number) {
        const { directory, stream, isWhole, cost, type, ...page } = find(number)
        const isRegular = isSquare(
          stream === undefined ? tiffPixelShapeOf(directory) : pixelShapeOf(stream, 'image/jpeg'),
        )
        if (isWhole && isRegular && isPlain(mediaType, cost)) {
          return describePixels({ data: page.alone() }, limits.maxMegapixels)
        }
        const alone = page.alone()
        requireCost(cost, alone.length, limits)
        return decodeInProcess(decoder, alone, type, limits)
      },
      picture(number, size) {
        const { cost, type, ...page } = find(number)
        const alone = page.alone()
        requireCost(cost, alone.length, limits)
        return pictureInProcess(decoder, alone, type, { ...limits, ...size })
      },
      close: () => Promise.resolve(),
    }
    return Promise.resolve(document)
  }
}

function requirePages(pagesTotal: number, { maxPages }: OpenLimits): void {
  if (pagesTotal < 1) throw new ScriptoriumError('no_pages', 'is a TIFF without pages')
  if (pagesTotal <= maxPages) return
  const limit = `SCRIPTORIUM_MAX_PAGES=${maxPages}`
  throw new ScriptoriumError('too_many_pages', `has more pages than ${limit}`)
}
