import type { DatabaseSync } from 'node:sqlite'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { dataVersion } from '../../../../shared/contract/schema/upgrades.ts'
import { pack } from '../../../../shared/redis/result-stream.ts'
import { createPageParser } from './page-parser.ts'

/** One text that a page had: of a person, or of a reading before or after that. */
export interface Revision {
  page: number
  /** Counted from 0: the reading that was corrected first. */
  number: number
  kind: 'reading' | 'correction'
  /** Name of the token; null for readings. */
  author: string | null
  /** ISO 8601. */
  at: string
  /** Of the file that was read. */
  sha256: string | null
  result: PageResult
}

interface NewRevision extends Omit<Revision, 'page'> {
  documentId: string
  /** The command that brought a correction: it is recorded once. */
  command?: string
}

/**
 * The texts of corrected pages. A page that was never corrected has none. They outlive the pages of a reading: a later
 * one finds the correction here. `file` names the ledger in errors.
 */
export function createRevisions(database: DatabaseSync, file = 'the ledger') {
  const sql = (text: string) => database.prepare(text)
  const toPage = createPageParser(file)
  const insert = sql(`
    INSERT INTO revisions (document_id, page, revision, kind, author, created_at, sha256, command, result, data_version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ${dataVersion})`)
  const latest = sql(
    'SELECT max(revision) AS revision FROM revisions WHERE document_id = ? AND page = ?',
  )
  const correction = sql(`
    SELECT * FROM revisions WHERE document_id = ? AND page = ? AND kind = 'correction'
    ORDER BY revision DESC LIMIT 1`)
  const corrected = sql(
    "SELECT DISTINCT page FROM revisions WHERE document_id = ? AND kind = 'correction' ORDER BY page",
  )
  const documents = sql(`
    SELECT DISTINCT document_id FROM revisions WHERE document_id > ? AND kind = 'correction'
    ORDER BY document_id LIMIT ?`)
  const some = sql(`
    SELECT * FROM revisions WHERE document_id = ? AND (page, revision) > (?, ?)
    ORDER BY page, revision LIMIT ?`)
  const ofCommand = sql('SELECT revision FROM revisions WHERE command = ?')
  const count = sql('SELECT count(*) AS n FROM revisions WHERE document_id = ?')
  const clear = sql('DELETE FROM revisions WHERE document_id = ?')
  const toRevision = (row: Record<string, unknown>): Revision =>
    ({
      page: row['page'],
      number: row['revision'],
      kind: row['kind'],
      author: row['author'],
      at: row['created_at'],
      sha256: row['sha256'],
      result: toPage(row),
    }) as Revision
  return {
    add({ documentId, number, kind, author, at, sha256, command, result }: NewRevision): void {
      const { page } = result
      const bytes = pack(result)
      insert.run(documentId, page, number, kind, author, at, sha256, command ?? null, bytes)
    },
    /** Number of the page's latest revision; 0 for a page that was never corrected. */
    latest: (documentId: string, page: number): number =>
      Number(latest.get(documentId, page)?.['revision'] ?? 0),
    /** The latest text that a person gave a page. */
    correction(documentId: string, page: number): Revision | undefined {
      const row = correction.get(documentId, page)
      return row && toRevision(row)
    },
    /** The pages that a person corrected. */
    correctedPages: (documentId: string): number[] =>
      corrected.all(documentId).map((row) => Number(row['page'])),
    /** Documents with a correction, by id, after this one. */
    correctedDocuments: (after: string, limit: number): string[] =>
      documents.all(after, limit).map((row) => String(row['document_id'])),
    /** Revisions by page and number, after this one. */
    list: (
      documentId: string,
      after: { page: number; number: number },
      limit: number,
    ): Revision[] => some.all(documentId, after.page, after.number, limit).map(toRevision),
    /** The revision that a command made. */
    ofCommand(command: string): number | undefined {
      const row = ofCommand.get(command)
      return row && Number(row['revision'])
    },
    count: (documentId: string): number => Number(count.get(documentId)?.['n']),
    clear: (documentId: string): void => void clear.run(documentId),
  }
}

export type Revisions = ReturnType<typeof createRevisions>
