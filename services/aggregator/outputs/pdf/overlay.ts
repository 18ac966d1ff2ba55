import type { PageResult } from '../../../../shared/contract.ts'
import type { OutputDocument, OutputInput } from '../format.ts'
import { createPdfFile, type PdfFile } from './assembly.ts'
import { createFonts, type Fonts } from './fonts.ts'
import { readInput } from './input-file.ts'
import type { Matrix } from './matrix.ts'
import type { PdfPage } from './parse/messages.ts'
import { describePdf } from './parse/read-pdf.ts'
import { fontEntries, makeTextLayer } from './text-layer.ts'

/**
 * A PDF as it was given, byte for byte, and after it, as an update (ISO 32000-1, 7.5.6), its pages with their text: links,
 * outlines, forms and whatever else it holds stay as they are. One that is encrypted or out of order is written anew first.
 */
export async function* overlayPdf(
  document: OutputDocument,
  input: OutputInput,
): AsyncGenerator<Uint8Array> {
  const { sha256 } = document
  const { pages, base, trailer, rebuilt } = await describePdf({
    file: input.file,
    sha256,
    password: input.password ?? '',
  })
  if (rebuilt === undefined) yield* readInput(input.file, sha256)
  else yield rebuilt
  const file = createPdfFile(base)
  const fonts = createFonts(file, `S${base.nextNumber}-`)
  let isChanged = false
  for (const result of document.pages) {
    const page = pages[result.page - 1]
    if (page === undefined) continue
    const layer = layerOf(page, result, fonts)
    if (layer.content === '') continue
    if (!isChanged) yield* file.separator()
    isChanged = true
    yield* writePage(file, page, layer)
  }
  if (!isChanged) return
  yield* fonts.finish()
  yield* file.finish(trailer)
}

/**
 * Writes a page with a text layer. It comes before what the page has, where nothing has moved the coordinates yet that
 * content streams may leave behind; being invisible, it is as good there as on top.
 */
export function* writePage(
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

/** The text of a page that has been read; nothing where it has text of its own. */
export const layerOf = (page: PdfPage, result: PageResult | undefined, fonts: Fonts) =>
  result === undefined || result.textSource === 'layer'
    ? { content: '', faces: [] }
    : makeTextLayer(result, toPageSpace(page, result), fonts)

/** From pixels of the page as it is shown, cut and turned, to its own space. */
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
