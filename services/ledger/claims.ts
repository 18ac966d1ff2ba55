import type { DatabaseSync } from 'node:sqlite'
import { outputPlace } from '../../shared/contract/ids.ts'

/** Stands for `results.*` of `--combined`, which belong to no document. */
export const combinedId = 'combined'

/** A right to write files at one place: the document's id, and the formats; see `outputPlace`. */
export interface Claim {
  documentId: string
  formats: string[]
}

/**
 * The output files that each document may write. A claim is committed before a file is written and outlasts later
 * readings, so an unclaimed file was not written by us, whenever we were killed.
 */
export function createClaims(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const at = sql('SELECT document_id, formats FROM claims WHERE place = ?')
  const of = sql('SELECT formats FROM claims WHERE place = ? AND document_id = ?')
  const set = sql(`
    INSERT INTO claims (place, document_id, formats) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET formats = excluded.formats`)
  const remove = sql('DELETE FROM claims WHERE place = ? AND document_id = ?')
  return {
    /** All claims at a path of an output folder, ignoring case. */
    at: (out: string, path: string): Claim[] =>
      at.all(outputPlace(out, path)).map((row) => ({
        documentId: String(row['document_id']),
        formats: parse(row['formats']),
      })),
    /** The formats that a document may write; none without a claim. */
    of(out: string, path: string, documentId: string): string[] {
      const row = of.get(outputPlace(out, path), documentId)
      return row === undefined ? [] : parse(row['formats'])
    },
    /** Gives a document exactly these formats. */
    set(out: string, path: string, documentId: string, formats: readonly string[]): void {
      set.run(outputPlace(out, path), documentId, JSON.stringify(formats))
    },
    remove(out: string, path: string, documentId: string): void {
      remove.run(outputPlace(out, path), documentId)
    },
  }
}

const parse = (formats: unknown): string[] => JSON.parse(String(formats))
