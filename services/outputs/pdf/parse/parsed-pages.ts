import type { Decoding } from '../../decoder/decoder.ts'
import type { PdfPage } from '../../decoder/calls.ts'

/** The pages of a PDF that the decoder has parsed, in order. */
export async function* pagesOf(decoding: Decoding): AsyncGenerator<PdfPage> {
  for (;;) {
    const { pages } = await decoding.ask('pdfPages', null)
    if (pages.length === 0) return
    yield* pages
  }
}
