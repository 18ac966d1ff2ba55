import type { PageWarning } from '../../../../shared/contract/result/page.ts'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import type { PageDecoder } from '../decoder/decoder.ts'
import { greyPixels } from '../decoder/grey.ts'
import type { OpenedDocument, OpenedPage, Opener } from '../opened.ts'
import type { LoadedPdf, OpenedPdfPage } from '../decoder/pdf-calls.ts'

/** Size of the pieces in which a file is sent to the decoder. */
const pieceBytes = 4 * 2 ** 20

/** Opens PDFs in the decoder's process. */
export function createPdfOpener(decoder: PageDecoder): Opener {
  return async (bytes, { mediaType, limits, password }) => {
    const { decodeMs, maxPages, maxMegapixels, decodeBytes: maxBytes } = limits
    const options = { deadlineMs: decodeMs }
    const opening = { ...options, keepsOpen: true }
    const { id } = await decoder.call('openPdf', { length: bytes.length }, opening).catch(explain)
    const openedIn = decoder.generation()
    const isLost = (): boolean => decoder.generation() !== openedIn
    const close = async (): Promise<void> => {
      if (isLost()) return
      await decoder.call('closePdf', { id }, options).catch(() => undefined) // A dead process holds no document.
    }
    const load = async (): Promise<LoadedPdf> => {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        const piece = new Uint8Array(bytes.subarray(at, at + pieceBytes))
        await decoder.call('fillPdf', { id, at, bytes: piece }, opening)
      }
      const loaded = await decoder.call('loadPdf', { id, password }, opening)
      requirePages(loaded.pagesTotal, maxPages)
      return loaded
    }
    const { pagesTotal, announced } = await load().catch(async (thrown: unknown) => {
      await close()
      return explain(thrown)
    })
    const document: OpenedDocument = {
      mediaType,
      pagesTotal,
      bytesHeld: bytes.length,
      isLost,
      async page(number, wishes) {
        const index = number - 1
        const call = { id, index, maxMegapixels, maxBytes, ...wishes }
        const page = toOpened(await decoder.call('pdfPage', call, options).catch(explain))
        if (announced === undefined || number < pagesTotal) return page
        return {
          ...page,
          warnings: [...(page.warnings ?? []), pagesMissing(announced, pagesTotal)],
        }
      },
      picture: (number, size) =>
        decoder
          .call('pdfPicture', { id, index: number - 1, maxMegapixels, maxBytes, ...size }, options)
          .catch(explain),
      close,
    }
    return document
  }
}

function toOpened(page: OpenedPdfPage): OpenedPage {
  const { width, height, dpi, reason } = page
  const geometry = { width, height, dpi, reason, orientation: 1 } as const
  const toPixels = (gray: Uint8Array) => greyPixels(gray, { width, height })
  if (page.kind === 'layer') {
    const { layer, gray, unread } = page
    return {
      ...geometry,
      kind: 'layer',
      layer,
      ...(gray && { pictures: toPixels(gray) }),
      ...(unread !== undefined && { warnings: [picturesUnread(unread)] }),
    }
  }
  const { own, shown, gray } = page
  const pixels = toPixels(gray)
  return { ...geometry, kind: 'pixels', pixels, ...(own && { own }), ...(shown && { shown }) }
}

const picturesUnread = (why: string): PageWarning => ({
  code: 'pictures_unread',
  message: `pictures of the page were not read, or not all of them: it ${why}`,
})

const pagesMissing = (announced: number, pagesTotal: number): PageWarning => ({
  code: 'pages_missing',
  message: `the file announces ${announced} pages, and its page tree has ${pagesTotal}: this is the last`,
})

function requirePages(pagesTotal: number, maxPages: number): void {
  if (pagesTotal < 1) throw new ScriptoriumError('no_pages', 'is a PDF without pages')
  if (pagesTotal <= maxPages) return
  const limit = `SCRIPTORIUM_MAX_PAGES=${maxPages}`
  throw new ScriptoriumError('too_many_pages', `has ${pagesTotal} pages, more than ${limit}`)
}

/** A file that breaks PDFium counts as damaged: nothing else can be known about it. */
function explain(thrown: unknown): never {
  if (thrown instanceof ScriptoriumError) throw thrown
  const { message } = toError(thrown)
  throw new ScriptoriumError('corrupt_pdf', `is damaged (${message})`, { cause: thrown })
}
