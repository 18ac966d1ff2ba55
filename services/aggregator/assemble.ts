import type { PageResult, ScriptoriumDocument, Timings } from '../../shared/contract.ts'
import type { Recipe } from '../../shared/recipe.ts'
import type { DocumentRow } from './ledger/documents.ts'
import { countWords } from './ledger/pages.ts'

/** Builds the contract's document from its row and its pages. */
export function assembleDocument(
  row: DocumentRow,
  pages: PageResult[],
  recipe: Recipe,
): ScriptoriumDocument {
  return {
    id: row.id,
    path: row.path,
    bytes: row.bytes,
    sha256: row.sha256,
    mediaType: row.media_type,
    outcome: row.outcome ?? 'failed',
    duplicateOf: row.duplicate_of,
    error:
      row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    confidence: meanConfidence(pages),
    pages,
    recipe,
    fingerprint: row.fingerprint,
    engine: pages[0]?.engine ?? null,
    timings: sumTimings(pages),
    worker: row.worker ?? pages[0]?.worker ?? null,
    finishedAt: row.finished_at ?? new Date().toISOString(),
  }
}

function meanConfidence(pages: readonly PageResult[]): number | null {
  const weights = pages.map(countWords)
  const words = weights.reduce((sum, weight) => sum + weight, 0)
  if (words === 0) return null
  const sum = pages.reduce(
    (total, page, index) => total + page.confidence * (weights[index] ?? 0),
    0,
  )
  return Math.round((100 * sum) / words) / 100
}

function sumTimings(pages: readonly PageResult[]): Timings {
  const sum = { openMs: 0, prepareMs: 0, waitMs: 0, recogniseMs: 0 }
  for (const { timings } of pages) {
    sum.openMs += timings.openMs
    sum.prepareMs += timings.prepareMs
    sum.waitMs += timings.waitMs
    sum.recogniseMs += timings.recogniseMs
  }
  return sum
}
