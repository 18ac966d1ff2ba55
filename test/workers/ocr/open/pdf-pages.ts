import type { TestContext } from 'node:test'
import sharp from 'sharp'
import type { OpenedPage, PageWishes } from '../../../../workers/ocr/open/opened.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { pdfOf, scanOf, type PdfPageSource } from '../../../helpers/pages/scanned-pdf.ts'

export const auto: PageWishes = { dpi: 0, pdfText: 'auto' }

export function setUp(t: TestContext, limits: { maxMegapixels?: number; maxPages?: number } = {}) {
  const openers = createOpeners({
    maxPages: 5_000,
    maxMegapixels: 20,
    decodeMs: 20_000,
    decodeBytes: 512 * 2 ** 20,
    ...limits,
  })
  t.after(() => openers.close())
  const open = (bytes: Buffer, password?: string) => openers.open(bytes, password)
  return {
    open,
    pageOf: async (
      source: PdfPageSource,
      wishes: Partial<PageWishes> = {},
    ): Promise<OpenedPage> => {
      const document = await open(pdfOf([source]))
      return document.page(1, { ...auto, ...wishes })
    },
  }
}

export const prose = [
  'The harbour master keeps a ledger of every ship that comes in,',
  'with the name of her captain, the port she sailed from,',
  'what she carries, and how deep she lies in the water.',
  'Each evening the entries are read aloud and signed.',
]
export const letter: PdfPageSource = { width: 595, height: 842, text: { lines: prose, mode: 0 } }
/** A grey scan with a dark bar near its top left corner. */
export async function barScan(width: number, height: number, dpi: number): Promise<PdfPageSource> {
  const bar = await sharp({
    create: { width: width / 4, height: height / 20, channels: 3, background: 'black' },
  })
    .png()
    .toBuffer()
  const paper = sharp({ create: { width, height, channels: 3, background: 'white' } })
  const left = width / 10
  const top = height / 10
  return scanOf(
    await paper
      .composite([{ input: bar, left, top }])
      .png()
      .toBuffer(),
    dpi,
  )
}

export function withScan(
  source: PdfPageSource,
  changes: Partial<NonNullable<PdfPageSource['scan']>>,
): PdfPageSource {
  return { ...source, ...(source.scan !== undefined && { scan: { ...source.scan, ...changes } }) }
}
