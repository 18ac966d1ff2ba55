/** The process that decodes untrusted files: it can be killed at any point of a file. */
import { serveCalls } from '../../../shared/confined/serve.ts'
import type { PageDecoderCalls } from './decoder/calls.ts'

// The first file of each kind loads its decoder: PDFium takes 25 MB, libvips 30 MB.
serveCalls<PageDecoderCalls>({
  openPdf: async (request) => (await pdf()).openPdf(request),
  fillPdf: async (request) => (await pdf()).fillPdf(request),
  loadPdf: async (request) => (await pdf()).loadPdf(request),
  pdfPage: async (request) => (await pdf()).pdfPage(request),
  pdfPicture: async (request) => (await pdf()).pdfPicture(request),
  closePdf: async (request) => (await pdf()).closePdf(request),
  async grey(request) {
    const { decodeToGrey } = await import('./raster/grey-page.ts')
    return decodeToGrey(request)
  },
  async picture(request) {
    const { decodeToPicture } = await import('./raster/picture.ts')
    return decodeToPicture(request)
  },
})

let handlers: Promise<Awaited<ReturnType<typeof loadPdfHandlers>>> | undefined
const pdf = () => (handlers ??= loadPdfHandlers())

async function loadPdfHandlers() {
  const { createPdfHandlers } = await import('./pdf/handlers.ts')
  return createPdfHandlers()
}
