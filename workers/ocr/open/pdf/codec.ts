import { readJp2Header } from '../../../../shared/raster/headers/jp2.ts'
import { readJpegHeader } from '../../../../shared/raster/headers/jpeg.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { filterOf, isDecodable, type PdfImage } from './images.ts'
import type { Pdfium } from './pdfium.ts'

/** Filters that PDFium decodes, with their abbreviations (ISO 32000-1, tables 6 and 94). */
const known: ReadonlySet<string> = new Set(
  (
    'ASCIIHexDecode ASCII85Decode LZWDecode FlateDecode RunLengthDecode ' +
    'CCITTFaxDecode JBIG2Decode DCTDecode JPXDecode Crypt AHx A85 LZW Fl RL CCF DCT'
  ).split(' '),
)

/**
 * The codec of an image where PDFium does not support it; undefined for images that are damaged. PDFium paints such
 * JPEGs black, and omits other images.
 */
export function unsupportedCodec(pdfium: Pdfium, image: PdfImage): string | undefined {
  const { object } = image
  const filter = filterOf(pdfium.raw, object)
  if (filter === undefined) return undefined
  if (!known.has(filter)) return `the filter ${filter}`
  if (filter === 'DCTDecode' || filter === 'DCT') return jpegFault(rawData(pdfium, object))
  if (filter !== 'JPXDecode' || isDecodable(pdfium, image)) return undefined
  return jp2Fault(rawData(pdfium, object))
}

const startOfJpeg = Buffer.from('ffd8ff', 'hex')

function jpegFault(bytes: Buffer): string | undefined {
  if (!bytes.subarray(0, 3).equals(startOfJpeg)) return undefined
  const header = readJpegHeader(bytes)
  if (header === undefined) return undefined
  const { coding, sampleBytes } = header
  if (coding !== 'huffman') return `${coding} JPEG`
  return sampleBytes > 1 ? 'JPEG with more than 8 bits per sample' : undefined
}

function jp2Fault(bytes: Buffer): string | undefined {
  try {
    return readJp2Header(bytes).isHighThroughput ? 'High-Throughput JPEG 2000' : undefined
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) return undefined // It is damaged.
    throw thrown
  }
}

/** The compressed data of an image, without the filters before its own. */
function rawData({ raw }: Pdfium, object: number): Buffer {
  const length = raw.FPDFImageObj_GetImageDataRaw(object, 0, 0)
  if (length <= 0) return Buffer.alloc(0)
  const address = raw.wasmExports.malloc(length)
  if (address === 0) throw new Error('out of memory')
  try {
    raw.FPDFImageObj_GetImageDataRaw(object, address, length)
    return Buffer.from(raw.HEAPU8.subarray(address, address + length))
  } finally {
    raw.wasmExports.free(address)
  }
}
