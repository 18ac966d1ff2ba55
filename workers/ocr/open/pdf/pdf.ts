import { ScriptoriumError, toError } from '../../../../shared/errors.ts'
import { createDecodeThread } from '../decode-thread.ts'
import type { OpenedDocument, OpenedPage, Opener } from '../opened.ts'
import type { PdfCalls } from './calls.ts'

/** PDFium's memory never shrinks: after a page that took this much its thread is replaced, and documents are opened anew. */
const maxHeapBytes = 256 * 2 ** 20

/** Opens PDFs; one thread serves all of them, because only one page is decoded at a time. */
export function createPdfOpener() {
  const thread = createDecodeThread<PdfCalls>({
    script: new URL('thread.ts', import.meta.url),
    maxHeapBytes,
  })

  const open: Opener = async (bytes, { mediaType, limits, password }) => {
    const { decodeMs, maxPages, maxMegapixels } = limits
    const options = { deadlineMs: decodeMs }
    const bytesHeld = bytes.length
    const copy = new Uint8Array(bytes)
    const { id, pagesTotal } = await thread
      .call('open', { bytes: copy, password }, { ...options, transfer: [copy.buffer] })
      .catch(explain)
    const openedIn = thread.generation()
    const isLost = (): boolean => thread.generation() !== openedIn
    const close = async (): Promise<void> => {
      if (isLost()) return
      await thread.call('close', { id }, options).catch(() => undefined) // It is gone with its thread.
    }
    try {
      requirePages(pagesTotal, maxPages)
    } catch (thrown) {
      await close()
      throw thrown
    }
    const document: OpenedDocument = {
      mediaType,
      pagesTotal,
      bytesHeld,
      isLost,
      async page(number, wishes) {
        const index = number - 1
        const call = { id, index, maxMegapixels, ...wishes }
        return toOpened(await thread.call('page', call, options).catch(explain))
      },
      close,
    }
    return document
  }
  return { open, close: thread.close }
}

function toOpened(page: PdfCalls['page']['answer']): OpenedPage {
  const { width, height, dpi } = page
  const geometry = { width, height, dpi, orientation: 1 } as const
  if (page.kind === 'layer') return { ...geometry, kind: 'layer', layer: page.layer }
  const data = Buffer.from(page.gray.buffer)
  return { ...geometry, kind: 'pixels', pixels: { data, raw: { width, height, channels: 1 } } }
}

function requirePages(pagesTotal: number, maxPages: number): void {
  if (pagesTotal < 1) throw new ScriptoriumError('no_pages', 'is a PDF without pages')
  if (pagesTotal <= maxPages) return
  const limit = `SCRIPTORIUM_MAX_PAGES=${maxPages}`
  throw new ScriptoriumError('too_many_pages', `has ${pagesTotal} pages, more than ${limit}`)
}

/** What PDFium broke down on is damaged, as far as anybody can tell. */
function explain(thrown: unknown): never {
  if (thrown instanceof ScriptoriumError) throw thrown
  const { message } = toError(thrown)
  throw new ScriptoriumError('corrupt_pdf', `is damaged (${message})`, { cause: thrown })
}
