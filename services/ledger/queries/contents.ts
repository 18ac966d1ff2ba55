import type { DatabaseSync } from 'node:sqlite'
import { mayReadBetterSql } from '../transitions/provisional-pages.ts'
import { toDocument, type Document } from '../document.ts'

/** Documents that wait for one with the same bytes are settled in one transaction: 80 ms for this many. */
const twinsAtATime = 1_000

/** Documents by their content: the same bytes are read once for each recipe. */
export function createContents(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const byContent = sql(`
    SELECT * FROM documents WHERE sha256 = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND state IN ('read', 'final') AND expired_at IS NULL AND id <> ? LIMIT 1`)
  const complete = sql(`
    SELECT * FROM documents WHERE sha256 = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND state IN ('read', 'final') AND expired_at IS NULL AND id <> ? AND NOT ${mayReadBetterSql('warnings')} LIMIT 1`)
  const sameSize = sql(`
    SELECT 1 FROM documents WHERE bytes = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND id <> ? LIMIT 1`)
  const waiting = sql(
    `SELECT * FROM documents WHERE state = 'waiting' AND duplicate_of = ? LIMIT ${twinsAtATime}`,
  )
  const stranded = sql(`
    SELECT w.* FROM documents w JOIN runs r ON r.id = w.run_id LEFT JOIN documents o ON o.id = w.duplicate_of
    WHERE w.state = 'waiting' AND r.state = 'active' AND (o.state IS NOT 'planned' OR o.run_id <> w.run_id)
    LIMIT ${twinsAtATime}`)
  const spooled = sql(
    'SELECT 1 FROM documents WHERE sha256 = ? AND is_upload = 1 AND expired_at IS NULL LIMIT 1',
  )
  return {
    /** A document with the same bytes and recipe that was read. */
    withContent: (sha256: string, fingerprint: string, otherThan: string) =>
      one(byContent.get(sha256, fingerprint, otherThan)),
    /** The same, if its pages may be copied: a reading that was given up must not decide the text of other documents. */
    completeWithContent: (sha256: string, fingerprint: string, otherThan: string) =>
      one(complete.get(sha256, fingerprint, otherThan)),
    hasSizeOf: (bytes: number, fingerprint: string, otherThan: string) =>
      sameSize.get(bytes, fingerprint, otherThan) !== undefined,
    /** Documents that wait for this one; those beyond a limit are left to `stranded` once it has ended. */
    waitingFor: (original: string) => toDocuments(waiting.all(original)),
    /** Some documents that wait for one that is no longer read, or that another run reads. */
    stranded: () => toDocuments(stranded.all()),
    /** Whether the bytes with this hash must stay in the spool. */
    isSpooled: (sha256: string) => spooled.get(sha256) !== undefined,
  }
}

type Row = Record<string, unknown>

const one = (row: Row | undefined): Document | undefined => row && toDocument(row)
const toDocuments = (rows: readonly Row[]): Document[] => rows.map(toDocument)
