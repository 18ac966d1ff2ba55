import type { OutputDocument, OutputInput } from './format.ts'
import { writeBook } from './pdf/book.ts'
import { overlayPdf } from './pdf/overlay.ts'

/**
 * A searchable PDF: the original pages, with the text invisible over its picture. Throws `input_unreadable` where the
 * file is missing, `unstable` where it has changed, `corrupt_image` or `corrupt_pdf` where it cannot be shown,
 * `password_required` or `password_wrong` where it is encrypted.
 */
export async function* writePdf(
  document: OutputDocument,
  input: OutputInput,
): AsyncGenerator<Uint8Array> {
  const isWhole = input.page === undefined
  if (document.mediaType === 'application/pdf' && isWhole) yield* overlayPdf(document, input)
  else yield* writeBook([{ document, input }], document.path, refuse)
}

function refuse(_path: string, reason: Error): never {
  throw reason
}
