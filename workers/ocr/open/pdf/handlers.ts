import type { Handlers } from '../../../../shared/confined/serve.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { PdfCalls } from '../decoder/pdf-calls.ts'
import { drawPage, openPage } from './page.ts'
import { loadPdfium, reserveFile, type PdfiumFile, type PdfRefusal } from './pdfium.ts'

/** Handles the decoder's calls for PDFs. */
export async function createPdfHandlers(): Promise<Handlers<PdfCalls>> {
  const pdfium = await loadPdfium()
  const files = new Map<number, PdfiumFile>()
  let lastId = 0
  const get = (id: number): PdfiumFile => {
    const file = files.get(id)
    if (file !== undefined) return file
    // Another file ended the process that had it open.
    throw new ScriptoriumError('decoder_failed', 'is no longer open in the decoder')
  }
  return {
    openPdf({ length }) {
      lastId += 1
      files.set(lastId, reserveFile(pdfium, length))
      return { id: lastId }
    },
    fillPdf({ id, at, bytes }) {
      get(id).fill(at, bytes)
      return null
    },
    loadPdf({ id, password }) {
      const file = get(id)
      const loaded = pdfium.withMemory(() => file.load(password))
      if (typeof loaded === 'string') throw explain(loaded, password !== undefined)
      return loaded
    },
    pdfPage({ id, index, ...wishes }) {
      const handle = get(id).handle()
      return pdfium.withMemory(() => openPage(pdfium, handle, index, wishes))
    },
    pdfPicture({ id, index, ...size }) {
      const handle = get(id).handle()
      return pdfium.withMemory(() => drawPage(pdfium, handle, index, size))
    },
    closePdf({ id }) {
      files.get(id)?.close()
      files.delete(id)
      return null
    },
  }
}

function explain(refusal: PdfRefusal, hasPassword: boolean): ScriptoriumError {
  switch (refusal) {
    case 'password':
      return hasPassword
        ? new ScriptoriumError('password_wrong', 'does not open with the given password')
        : new ScriptoriumError(
            'password_required',
            'is encrypted; give its password with --pdf-password (API: pdfPassword)',
          )
    case 'security':
      return new ScriptoriumError(
        'unsupported_encoding',
        'uses an unsupported encryption; save it with a password or without protection',
      )
    case 'damaged':
      return new ScriptoriumError('corrupt_pdf', 'is damaged: it contains no readable PDF')
  }
}
