import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import { readOutcomes } from '../../../shared/contract/result/outcomes.ts'
import { jobIdOf, uploadDocumentId } from '../../../shared/contract/ids.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Received } from './spool/store.ts'

/** A file that is accepted, and the document that it is. */
interface Identified {
  document: Acceptance['documents'][number]
  /** Read before, with this recipe. */
  isKnown: boolean
  file: Received
}

/** Identifies the document of each file, and whether it was read before. The same file twice is one document. */
export function identify(
  { documents }: Ledger,
  received: readonly Received[],
  fingerprint: string,
  isForced: boolean,
): Identified[] {
  const found = new Map<string, Identified>()
  for (const file of received) {
    const { name, sha256, bytes, mediaType } = file
    const own = uploadDocumentId(sha256, fingerprint)
    const mine = documents.get(own)
    const row =
      isForced || isRead(mine) ? mine : (documents.withContent(sha256, fingerprint, own) ?? mine)
    const documentId = row?.id ?? own
    if (found.has(documentId)) continue
    const isKnown = isRead(row) && !isForced
    const isOpen = row !== undefined && row.state !== 'final'
    const pass = isKnown || isOpen ? (row?.pass ?? 1) : (row?.pass ?? 0) + 1
    const jobId =
      isKnown || isOpen ? (row?.jobId ?? '') : jobIdOf(documentId, '', fingerprint, pass)
    const document = { documentId, jobId, pass, name, sha256, bytes, mediaType }
    found.set(documentId, { document, isKnown, file })
  }
  return [...found.values()]
}

const isRead = (row: Document | undefined): boolean =>
  row?.state === 'final' &&
  row.expiredAt === null &&
  row.outcome !== null &&
  readOutcomes.has(row.outcome)
