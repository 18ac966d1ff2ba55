import type { ScriptoriumDocument } from '../../shared/contract/result/document.ts'
import type { FailedPage, PageResult, Timings } from '../../shared/contract/result/page.ts'
import type { EngineIdentity } from '../../shared/contract/engine.ts'
import { createEventTurns } from '../../shared/process/event-turns.ts'
import type { Recipe } from '../../shared/contract/recipe.ts'
import type { Document } from '../ledger/document.ts'
import { countWords } from '../ledger/pages.ts'

type Assembled<Pages> = Omit<ScriptoriumDocument, 'pages'> & { pages: Pages }

/** Builds the contract's document from its row and its pages, in one pass over the pages. */
export function assembleDocument<Pages extends Iterable<PageResult>>(
  row: Document,
  pages: Pages,
  recipe: Recipe,
  failedPages: FailedPage[] = [],
): Assembled<Pages> {
  const sum = createSum()
  for (const page of pages) sum.add(page)
  return withSummary(row, pages, recipe, failedPages, sum.value())
}

/** The same for a long document: yields to other work between its pages. */
export async function assembleInTurns<Pages extends Iterable<PageResult>>(
  row: Document,
  pages: Pages,
  recipe: Recipe,
  failedPages: FailedPage[],
): Promise<Assembled<Pages>> {
  const sum = createSum()
  const turns = createEventTurns()
  for (const page of pages) {
    sum.add(page)
    await turns.give()
  }
  return withSummary(row, pages, recipe, failedPages, sum.value())
}

function withSummary<Pages>(
  row: Document,
  pages: Pages,
  recipe: Recipe,
  failedPages: FailedPage[],
  { confidence, engine, timings, worker }: Summary,
): Assembled<Pages> {
  return {
    id: row.id,
    path: row.path,
    bytes: row.bytes,
    sha256: row.sha256,
    mediaType: row.mediaType,
    outcome: row.outcome ?? 'failed',
    duplicateOf: row.duplicateOf,
    error: row.error,
    confidence,
    pages,
    failedPages,
    recipe,
    fingerprint: row.fingerprint,
    engine,
    timings,
    worker: row.worker ?? worker,
    finishedAt: row.finishedAt ?? new Date().toISOString(),
  }
}

interface Summary {
  confidence: number | null
  engine: EngineIdentity | null
  timings: Timings
  worker: string | null
}

/** The mean confidence weighted by words, the sum of the times, and the engine of the first page. */
function createSum() {
  const timings = { openMs: 0, prepareMs: 0, waitMs: 0, recogniseMs: 0 }
  let [words, weighted] = [0, 0]
  let first: Pick<PageResult, 'engine' | 'worker'> | undefined
  return {
    add(page: PageResult): void {
      first ??= { engine: page.engine, worker: page.worker }
      const count = countWords(page)
      words += count
      weighted += page.confidence * count
      timings.openMs += page.timings.openMs
      timings.prepareMs += page.timings.prepareMs
      timings.waitMs += page.timings.waitMs
      timings.recogniseMs += page.timings.recogniseMs
    },
    value(): Summary {
      const confidence = words === 0 ? null : Math.round((100 * weighted) / words) / 100
      return { confidence, engine: first?.engine ?? null, timings, worker: first?.worker ?? null }
    },
  }
}
