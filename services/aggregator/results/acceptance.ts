import { jobIdOf } from '../../../shared/contract/ids.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import type { Ledger } from '../../ledger/ledger.ts'

/**
 * Records an accepted upload: plans its documents, unless these are known, or another upload has planned them. The
 * caller wraps it in a transaction.
 */
export function recordAcceptance(
  { documents, pages, runs, submissions }: Ledger,
  { request, fingerprint, acceptedAt, documents: files }: Acceptance,
): void {
  runs.add(request, fingerprint, acceptedAt)
  for (const { documentId: id, jobId, pass, name, sha256, bytes, mediaType } of files) {
    const isNew = submissions.add(request.runId, id, name)
    const row = documents.get(id)
    // It had not expired when the API checked: the upload brought its bytes, so it is read again.
    const isTooLate = isNew && row != null && row.expiredAt !== null && row.pass >= pass
    const next = isTooLate ? row.pass + 1 : pass
    const isPlanned = documents.planUpload({
      id,
      runId: request.runId,
      path: name,
      stat: '',
      bytes,
      fingerprint,
      jobId: isTooLate ? jobIdOf(id, '', fingerprint, next) : jobId,
      pass: next,
      sha256,
      mediaType,
    })
    if (isPlanned) pages.clear(id)
  }
}
