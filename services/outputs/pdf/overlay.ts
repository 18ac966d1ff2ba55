import type { PageResult } from '../../../shared/contract/result/page.ts'
import type { Below } from '../../../shared/files/open-below.ts'
import type { OutputDocument, OutputInput } from '../format.ts'
import { createPdfFile, type PdfFile } from './file/assembly.ts'
import { createFonts, type Fonts } from './text/fonts.ts'
import { readHeld } from './images/streamed-images.ts'
import { openInputFile } from './file/input-file.ts'
import type { Matrix } from './matrix.ts'
import type { PdfPage } from '../decoder/calls.ts'
import type { Decoding } from '../decoder/decoder.ts'
import { pagesOf } from './parse/parsed-pages.ts'
import { fontEntries, makeTextLayer } from './text/text-layer.ts'

/**
 * The original PDF, byte for byte, followed by an incremental update (ISO 32000-1, 7.5.6) with the text of its pages:
 * links, outlines, forms and all other content stay unchanged. An encrypted or damaged PDF is rewritten first. Not made
 * by pdf-lib's `saveIncremental`: that breaks such files, and takes longer (docs/decisions.md).
 */
export async function* overlayPdf(
  document: OutputDocument,
  input: OutputInput,
): AsyncGenerator<Uint8Array> {
  const { sha256 } = document
  const { decoder, signal, password = '' } = input
  const decoding = decoder.open(signal)
  try {
    const described = await decoding.ask('describePdf', { file: input.file, sha256, password })
    const { base, trailer, rebuiltBytes } = described
    if (rebuiltBytes === undefined) yield* givenBytes(input.file, sha256)
    else yield* readHeld(decoding, rebuiltBytes)
    const file = createPdfFile(base)
    const fonts = createFonts(file, `S${base.nextNumber}-`)
    const layers = yield* writeLayers(file, fonts, document.pages, decoding)
    const hasTables =
      layers.hasOwnText && (yield* writeFontTables(file, decoding, layers.isWritten))
    if (!layers.isWritten && !hasTables) return
    yield* fonts.finish()
    yield* file.finish(trailer)
  } finally {
    await decoding.close()
  }
}

async function* givenBytes(file: Below, sha256: string | null): AsyncGenerator<Uint8Array> {
  const given = await openInputFile(file, sha256)
  try {
    yield* given.stream()
  } finally {
    await given.close()
  }
}

interface WrittenLayers {
  isWritten: boolean
  /** The text of the PDF itself was taken, and that of no font was wrong. */
  hasOwnText: boolean
}

/** Writes a text layer for each result, in page order. */
async function* writeLayers(
  file: PdfFile,
  fonts: Fonts,
  results: Iterable<PageResult>,
  decoding: Decoding,
): AsyncGenerator<Uint8Array, WrittenLayers> {
  const pages = pagesOf(decoding)
  let isChanged = false
  let isTaken = false
  let isDoubtful = false
  let number = 0
  for (const result of results) {
    let page: PdfPage | undefined
    while (number < result.page) {
      const next = await pages.next()
      if (next.done === true) return { isWritten: isChanged, hasOwnText: false }
      page = next.value
      number += 1
    }
    if (page === undefined) continue
    isTaken ||= result.textSource !== 'engine' && result.textReason !== 'sound_layer'
    isDoubtful ||= result.textReason === 'doubtful_text'
    const layer = layerOf(page, result, fonts)
    if (layer.content === '') continue
    if (!isChanged) yield* file.separator()
    isChanged = true
    const bare = yield* writeBare(file, decoding, { page, index: number - 1, result })
    yield* writePdfPage(file, bare, layer)
  }
  return { isWritten: isChanged, hasOwnText: isTaken && !isDoubtful }
}

/**
 * Writes fonts without a Unicode table again, with one from their own program: then every reader finds the text that
 * was taken. Returns whether there were any.
 */
async function* writeFontTables(
  file: PdfFile,
  decoding: Decoding,
  isSeparated: boolean,
): AsyncGenerator<Uint8Array, boolean> {
  const { fonts } = await decoding.ask('pdfUnnamedFonts', null)
  if (fonts.length > 0 && !isSeparated) yield* file.separator()
  for (const { number, generation, entries, bytes } of fonts) {
    const table = file.allocate()
    const dictionary = `<</Filter/FlateDecode/Length ${bytes}>>`
    yield* file.streamed(table, dictionary, readHeld(decoding, bytes))
    yield* file.object(number, `<<${entries}/ToUnicode ${table} 0 R>>`, generation)
  }
  return fonts.length > 0
}

/**
 * Writes a page with a text layer. The layer precedes the page's content, whose coordinate changes could otherwise
 * shift it; it is invisible, so the order has no other effect.
 */
export function* writePdfPage(
  file: PdfFile,
  page: PdfPage,
  layer: ReturnType<typeof makeTextLayer>,
): Generator<Buffer> {
  const { number, generation, entries, contents, resources, fonts } = page
  const own = file.allocate()
  if (layer.content !== '') yield* file.deflated(own, '', layer.content)
  const streams = layer.content === '' ? contents : `${own} 0 R ${contents}`
  const named = `/Resources<<${resources}/Font<<${fonts}${fontEntries(layer.faces)}>>>>`
  yield* file.object(number, `<<${entries}/Contents[${streams}]${named}>>`, generation)
}

interface ReadPage {
  page: PdfPage
  /** Its place among the pages that the decoder returns, from 0. */
  index: number
  result: PageResult | undefined
}

/**
 * Writes the content of a page that was read again, without the invisible text of an earlier OCR program: otherwise a
 * reader would find every word twice. Returns the page with this content.
 */
export async function* writeBare(
  file: PdfFile,
  decoding: Decoding,
  { page, index, result }: ReadPage,
): AsyncGenerator<Buffer, PdfPage> {
  if (result === undefined || !isReadAgain(result)) return page
  const bare = await decoding.ask('pdfBarePage', { index })
  if (bare === null) return page
  const write = async function* (entries: string, bytes: number): AsyncGenerator<Buffer, number> {
    const number = file.allocate()
    const dictionary = `<<${entries}/Filter/FlateDecode/Length ${bytes}>>`
    yield* file.streamed(number, dictionary, readHeld(decoding, bytes))
    return number
  }
  const contents = `${yield* write('', bare.bytes)} 0 R`
  let forms = ''
  for (const { name, entries, bytes } of bare.forms) {
    forms += `${nameText(name)} ${yield* write(entries, bytes)} 0 R`
  }
  const resources = `${bare.resources}/XObject<<${bare.xObjects}${forms}>>`
  return { ...page, contents, resources }
}

/** A name in PDF's form. */
const nameText = (name: string): string =>
  `/${name.replaceAll(/[^A-Za-z0-9_.+-]/g, (sign) => `#${sign.charCodeAt(0).toString(16).padStart(2, '0')}`)}`

/** Whether the reading replaced all text that the page does not show. */
const isReadAgain = ({ textSource, textReason }: PageResult): boolean =>
  textSource === 'engine' || (textSource === 'mixed' && textReason === 'text_on_scan')

/** The text layer of a read page; nothing where the page has text of its own. */
export const layerOf = (page: PdfPage, result: PageResult | undefined, fonts: Fonts) =>
  result === undefined || result.textSource === 'layer'
    ? { content: '', faces: [] }
    : makeTextLayer(withoutOwnText(result), toPageSpace(page, result), fonts)

/** Without the blocks and words that the page shows as text anyway. */
const withoutOwnText = (result: PageResult): PageResult => ({
  ...result,
  blocks: result.blocks
    .filter(({ isOwnText }) => isOwnText !== true)
    .map((block) => ({
      ...block,
      paragraphs: block.paragraphs.map((paragraph) => ({
        ...paragraph,
        lines: paragraph.lines.map((line) => ({
          ...line,
          words: line.words.filter(({ isShown }) => isShown !== true),
        })),
      })),
    })),
})

/** Maps pixels of the page as shown, cropped and rotated, to its own space. */
function toPageSpace({ box, rotation }: PdfPage, { width, dpi }: PageResult): Matrix {
  const [left, bottom, right, top] = box
  const isTurned = rotation === 90 || rotation === 270
  const k = dpi !== null && dpi > 0 ? 72 / dpi : (isTurned ? top - bottom : right - left) / width
  switch (rotation) {
    case 0:
      return [k, 0, 0, -k, left, top]
    case 90:
      return [0, k, k, 0, left, bottom]
    case 180:
      return [-k, 0, 0, k, right, bottom]
    case 270:
      return [0, -k, -k, 0, right, top]
  }
}
