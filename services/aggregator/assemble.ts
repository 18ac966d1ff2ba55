import type {
  EngineIdentity,
  FailedPage,
  PageResult,
  ScriptoriumDocument,
  Timings,
} from '../../shared/contract.ts'
import type { Recipe } from '../../shared/recipe.ts'
import type { DocumentRow } from './ledger/documents.ts'
import { countWords } from './ledger/pages.ts'

/** Builds the contract's document from its row and its pages, which are gone through once. */
export function assembleDocument<Pages extends Iterable<PageResult>>(
  row: DocumentRow,
  pages: Pages,
  recipe: Recipe,
  failedPages: FailedPage[] = [],
): Omit<ScriptoriumDocument, 'pages'> & { pages: Pages } {
  const { confidence, engine, timings, worker } = sumUp(pages)
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
    confidence,
    pages,
    failedPages,
    recipe,
    fingerprint: row.fingerprint,
    engine,
    timings,
    worker: row.worker ?? worker,
    finishedAt: row.finished_at ?? new Date().toISOString(),
  }
}

interface Summary {
  confidence: number | null
  engine: EngineIdentity | null
  timings: Timings
  worker: string | null
}

/** The mean of the confidences, weighted by words, the sum of the times, and who read the first page. */
function sumUp(pages: Iterable<PageResult>): Summary {
  const timings = { openMs: 0, prepareMs: 0, waitMs: 0, recogniseMs: 0 }
  let [words, weighted] = [0, 0]
  let first: PageResult | undefined
  for (const page of pages) {
    first ??= page
    const count = countWords(page)
    words += count
    weighted += page.confidence * count
    timings.openMs += page.timings.openMs
    timings.prepareMs += page.timings.prepareMs
    timings.waitMs += page.timings.waitMs
    timings.recogniseMs += page.timings.recogniseMs
  }
  const confidence = words === 0 ? null : Math.round((100 * weighted) / words) / 100
  return { confidence, engine: first?.engine ?? null, timings, worker: first?.worker ?? null }
}
