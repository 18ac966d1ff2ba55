/** The thread in which PDFium works: whatever a document makes it do, it can be ended. */
import { ScriptoriumError } from '../../../../shared/errors.ts'
import { serve } from '../thread-server.ts'
import type { PdfCalls } from './calls.ts'
import { openPage } from './page.ts'
import { loadPdfium, openFile, type PdfFile, type Refusal } from './pdfium.ts'

const pdfium = await loadPdfium()
const files = new Map<number, PdfFile>()
let lastId = 0

serve<PdfCalls>(
  {
    open({ bytes, password }) {
      const file = openFile(pdfium, bytes, password)
      if (typeof file === 'string') throw explain(file, password !== undefined)
      lastId += 1
      files.set(lastId, file)
      return { answer: { id: lastId, pagesTotal: file.pagesTotal } }
    },
    page({ id, index, ...wishes }) {
      const file = files.get(id)
      if (file === undefined) throw new Error('the document is not open')
      const answer = openPage(pdfium, file.handle, index, wishes)
      return { answer, transfer: answer.kind === 'pixels' ? [answer.gray.buffer] : [] }
    },
    close({ id }) {
      files.get(id)?.close()
      files.delete(id)
      return { answer: null }
    },
  },
  pdfium.heapBytes,
)

function explain(refusal: Refusal, hasPassword: boolean): ScriptoriumError {
  switch (refusal) {
    case 'password':
      return hasPassword
        ? new ScriptoriumError('password_wrong', 'does not open with the password that was given')
        : new ScriptoriumError(
            'password_required',
            'is encrypted; give its password with --pdf-password (API: pdfPassword)',
          )
    case 'security':
      return new ScriptoriumError(
        'unsupported_encoding',
        'is encrypted in a way that is not supported; save it with a password or without protection',
      )
    case 'damaged':
      return new ScriptoriumError('corrupt_pdf', 'is damaged: no PDF can be made out in it')
  }
}
