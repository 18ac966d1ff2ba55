import type { DatabaseSync } from 'node:sqlite'

/** A page that a person should look at. */
export interface PageToReview {
  documentId: string
  page: number
  /** Expected share of right words. */
  score: number
  /** Percent. */
  confidence: number
  words: number
}

interface ReviewPlace {
  score: number
  documentId: string
  page: number
}

/** A run with up to this many unchecked pages below the mark is sorted; in a larger one they are soon found by score. */
const maxSorted = 5_000

const listed = 'p.document_id AS documentId, p.page, p.score, p.confidence, p.words'
const isToReview = 'p.score IS NOT NULL AND p.is_reviewed = 0'
const isShown = "d.state = 'final' AND d.expired_at IS NULL"
const ofRun = `(d.run_id = :run OR EXISTS (
  SELECT 1 FROM submissions s WHERE s.run_id = :run AND s.document_id = d.id))`
const order = 'ORDER BY p.score, p.document_id, p.page LIMIT :limit'
const range = '(p.score, p.document_id, p.page) > (:score, :documentId, :page) AND p.score < :below'

/** By score: the index holds the list itself. */
export const reviewSql = `
  SELECT ${listed} FROM pages p INDEXED BY pages_to_review CROSS JOIN documents d ON d.id = p.document_id
  WHERE ${isToReview} AND ${range} AND ${isShown} ${order}`

const byScoreOfRun = reviewSql.replace(isShown, `${isShown} AND ${ofRun}`)

/** By document: few of a run. */
export const reviewOfRunSql = `
  WITH own AS (SELECT id FROM documents WHERE run_id = :run UNION SELECT document_id FROM submissions WHERE run_id = :run)
  SELECT ${listed} FROM own CROSS JOIN documents d ON d.id = own.id
    CROSS JOIN pages p INDEXED BY pages_to_review_by_document ON p.document_id = d.id AND p.score < :below
  WHERE ${isToReview} AND ${range} AND ${isShown} ${order}`

/** Pages that nobody has checked yet, below a mark, worst first. */
export function createReviewList(database: DatabaseSync) {
  const all = database.prepare(reviewSql)
  const large = database.prepare(byScoreOfRun)
  const small = database.prepare(reviewOfRunSql)
  const sizeOf = database.prepare(`
    SELECT count(*) AS n FROM (
      SELECT 1 FROM documents WHERE run_id = :run UNION ALL SELECT 1 FROM submissions WHERE run_id = :run
      LIMIT ${maxSorted + 1})`)
  const first: ReviewPlace = { score: -1, documentId: '', page: 0 }
  return {
    pages(
      { below, run }: { below: number; run?: string | undefined },
      after: ReviewPlace = first,
      limit: number,
    ): PageToReview[] {
      const { score, documentId, page } = after
      const place = { score, documentId, page, below, limit }
      if (run === undefined) return all.all(place) as unknown as PageToReview[]
      const isSmall = Number(sizeOf.get({ run })?.['n']) <= maxSorted
      return (isSmall ? small : large).all({ ...place, run }) as unknown as PageToReview[]
    },
  }
}
