import type { Command } from '../../../shared/contract/messages/command.ts'
import { correctPage } from '../../ledger/transitions/corrections/correct-page.ts'
import type { Ledger } from '../../ledger/ledger.ts'

interface Deps {
  ledger: Ledger
  /** Writes the output files of ended documents again. */
  rewrite: (ids: readonly string[]) => Promise<void>
}

type Correction = Extract<Command, { kind: 'correctPage' }>

/**
 * Records corrections. One for another revision than the present one is dropped: its sender looks for it in the ledger,
 * and tells the author. Idempotent: output files are written again where we died before that was done.
 */
export function createCorrector({ ledger, rewrite }: Deps) {
  return async (correction: Correction): Promise<void> => {
    const isRecorded = ledger.transaction(() => record(ledger, correction))
    if (isRecorded) await rewrite([correction.documentId])
  }
}

function record(ledger: Ledger, given: Correction): boolean {
  const { documents, pages, revisions } = ledger
  const { id, documentId, page, revision, author, at } = given
  if (revisions.ofCommand(id) !== undefined) return true
  const row = documents.get(documentId)
  const before = pages.readable(documentId, page)
  const isAsSeen = revisions.latest(documentId, page) === revision
  if (row?.state !== 'final' || row.expiredAt !== null || before === undefined || !isAsSeen)
    return false
  const corrected = correctPage(before, given)
  if (corrected === undefined) return false
  const { sha256 } = row
  const number = revision + 1
  const result = { ...corrected, correction: { number, author, at } }
  if (revision === 0) {
    const readAt = row.finishedAt ?? at
    revisions.add({
      documentId,
      number: 0,
      kind: 'reading',
      author: null,
      at: readAt,
      sha256,
      result: before,
    })
  }
  revisions.add({ documentId, number, kind: 'correction', author, at, sha256, command: id, result })
  pages.correct(documentId, result)
  documents.summarise(documentId)
  return true
}
