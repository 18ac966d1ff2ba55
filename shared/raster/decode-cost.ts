import type { ReadableType } from '../files/media-types.ts'
import { readBmpHeader } from './decoders/bmp.ts'
import { readAvifHeader } from './headers/avif.ts'
import { readGifHeader } from './headers/gif.ts'
import type { ImageHeader } from './headers/image-header.ts'
import { readJp2Header, type Jp2Header } from './headers/jp2.ts'
import { readJpegHeader, type JpegHeader } from './headers/jpeg.ts'
import { readPngHeader, type PngHeader } from './headers/png.ts'
import { readTiffHeader, type TiffHeader } from './headers/tiff.ts'
import { readWebpHeader } from './headers/webp.ts'
import { readPnmHeader } from './decoders/pnm.ts'
import { readTiff, type TiffDirectory, type TiffFile } from './tiff/tiff-directory.ts'

/** The cost of decoding a page to grey. */
export interface DecodeCost extends ImageHeader {
  /** Peak memory, including the grey page and without the file itself. */
  peakBytes: number
}

/** PDFium's own memory. */
const pdfiumBytes = 56e6

/**
 * Estimates the memory for decoding page `page` (from 0) of a file from its headers: it decodes nothing, and its time
 * is bounded whatever they claim. Undefined where the headers contain no size (no decoder gets further), and for PDFs,
 * where the content decides. Use the estimate only to reject a file early: its image may differ from its header, so the
 * decoder needs a limit of its own. Throws `corrupt_image` or `unsupported_encoding` where one of our own decoders
 * would.
 *
 * Peak growth of the resident set, without the colours of smaller pages, measured with sharp 0.35.5 and PDFium 2.1.13 in a process per file, flat pictures of
 * 6000 x 4000, to grey (MB measured / estimated): PNG grey 29/33, RGB 37/42, RGB 16 bit 49/55, RGBA 8 bit 42/46;
 * interlaced: grey 50/52, palette and RGB 100/100, RGBA 125/124, RGB 16 bit 173/172, RGBA 16 bit 223/220 (100
 * megapixels: over 810/904) JPEG 4:2:0 39/41, 4:4:4 38/42, grey 30/33, CMYK 46/46; progressive: 4:2:0 110/107, 4:4:4
 * 182/186, grey 78/81, CMYK 238/238 GIF 138/142 (100 megapixels: 523/534); WebP lossy and lossless 205/244, with alpha
 * 233/244 AVIF 4:2:0 374/484, 4:4:4 448/484, with alpha 449/484 (64 megapixels: 1171/1284) TIFF strips RGB 38/42, 16
 * bit 49/55, fax 30/33, tiles of 256 35/51, one tile 170/186, 16-bit planes in one strip each 222/247 BMP 134/136; PNM
 * grey 86/88, RGB 131/136; JPEG 2000 grey 255/296, RGB 473/588, RGBA 662/732; 62 500 tiles of one megapixel 685/701
 */
export function decodeCostOf(
  bytes: Buffer,
  mediaType: ReadableType,
  page = 0,
): DecodeCost | undefined {
  switch (mediaType) {
    case 'image/png':
      return costOf(readPngHeader(bytes), pngBytes)
    case 'image/jpeg':
      return costOf(readJpegHeader(bytes), jpegBytes)
    case 'image/gif':
      return costOf(
        readGifHeader(bytes),
        (canvas) => 4 * areaOf(canvas) + rowBytes(canvas, 4) + colourBytes(canvas),
      )
    case 'image/webp':
      return costOf(readWebpHeader(bytes), (canvas) => 9 * areaOf(canvas) + colourBytes(canvas))
    case 'image/avif':
      return costOf(
        readAvifHeader(bytes),
        (image) => 19 * areaOf(image) * image.sampleBytes + colourBytes(image),
      )
    case 'image/bmp':
      return costOf(readBmpHeader(bytes), (image) => 3 * areaOf(image) + colourBytes(image))
    case 'image/x-portable-anymap':
      return costOf(
        readPnmHeader(bytes),
        (image) => image.kind.channels * areaOf(image) + colourBytes(image, image.kind.channels),
      )
    case 'image/jp2':
      return costOf(readJp2Header(bytes), (image) => jp2Bytes(image) + 2 * bytes.length)
    case 'image/tiff':
      return tiffCost(bytes, page)
    case 'application/pdf':
      return undefined
  }
}

/** Every decoder's tables, buffers and heap. */
const decoderBytes = 4e6
/** Larger pages are decoded to grey alone, smaller ones to red, green and blue first: coloured ink may be hidden in grey. */
export const maxColourPixels = 20e6
/** libvips keeps this many rows of an image that it decodes from top to bottom. */
const rowsKept = 750

const areaOf = ({ width, height }: ImageHeader): number => width * height
const colourBytes = (image: ImageHeader, channels = 3): number =>
  channels >= 3 && areaOf(image) <= maxColourPixels ? 3 * areaOf(image) : 0
const rowBytes = ({ width, height }: ImageHeader, pixelBytes: number): number =>
  pixelBytes * width * Math.min(height, rowsKept)

function costOf<H extends ImageHeader>(
  header: H | undefined,
  decoding: (header: H) => number,
): DecodeCost | undefined {
  if (header === undefined) return undefined
  const { width, height } = header
  return { width, height, peakBytes: Math.ceil(decoderBytes + areaOf(header) + decoding(header)) }
}

const jpegBytes = (image: JpegHeader): number =>
  image.coefficientBytes +
  rowBytes(image, image.components * image.sampleBytes) +
  colourBytes(image, image.components)

function pngBytes(image: PngHeader): number {
  const { pixelBytes, isInterlaced } = image
  const decoding = isInterlaced ? pixelBytes * areaOf(image) : rowBytes(image, pixelBytes)
  return decoding + colourBytes(image, pixelBytes)
}

/** OpenJPEG needs four bytes a sample and kilobytes a tile, however small; PDFium makes a bitmap of it. */
function jp2Bytes(image: Jp2Header): number {
  const components = image.hasPalette ? 3 + image.components : image.components
  const tileBytes = image.tiles * (9_000 + 1_100 * image.components)
  const colours = colourBytes(image, components)
  return pdfiumBytes + tileBytes + (3 + 6 * components) * areaOf(image) + colours
}

function tiffCost(bytes: Buffer, page: number): DecodeCost | undefined {
  const tiff = readTiff(bytes, page + 1)
  const directory = tiff.page(page)
  return directory && tiffCostOf(tiff, directory)
}

/** The same for one page of an open TIFF file. */
export const tiffCostOf = (tiff: TiffFile, directory: TiffDirectory): DecodeCost | undefined =>
  costOf(readTiffHeader(tiff, directory), tiffBytes)

function tiffBytes(image: TiffHeader): number {
  const { pixelBytes, heldBytes, coefficientBytes, isRewritten } = image
  const rewriting = isRewritten ? 3 * pixelBytes * areaOf(image) : 0
  const colours = colourBytes(image, pixelBytes)
  return rowBytes(image, pixelBytes) + heldBytes + coefficientBytes + rewriting + colours
}
