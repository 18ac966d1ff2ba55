import type { Document } from '../../../ledger/document.ts'
import type { Finding } from './finding.ts'

const rewriteCure = 'verify --repair rewrites it from the ledger, without OCR'
const rereadCure = 'verify --repair marks it; the next ingest, or the service, reads it again'

/** A file that the ledger can write again. */
export const outputFinding = (
  { id }: Document,
  kind: 'output_missing' | 'output_edited',
  path: string,
  found: string,
): Finding => ({ kind, path, found, cure: rewriteCure, repair: 'rewrite', documentId: id })

/** A document that must be read again. */
export const documentFinding = (
  { id, path }: Document,
  kind: 'pages_missing' | 'page_damaged' | 'waits_for_nobody',
  found: string,
): Finding => ({ kind, path, found, cure: rereadCure, repair: 'reread', documentId: id })
