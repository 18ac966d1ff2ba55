import { countWanted } from '../../../shared/contract/page-list.ts'
import type { Document, Ending } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Endings } from './endings.ts'
import type { Recorded } from './recorded.ts'

const maxLists = 100

/** Ends documents whose pages are all in the ledger, read or failed. */
export function createCompletion({ pages, runs }: Ledger, { end }: Pick<Endings, 'end'>) {
  /** Page lists of the runs that reported last: parsing a whole request for each page would be wasteful. */
  const lists = new Map<string, string>()

  /** Number of a document's pages that its recipe selects. */
  const pagesOf = ({ runId }: Document, pagesTotal: number): number => {
    if (lists.size > maxLists) lists.clear()
    const list = lists.get(runId) ?? runs.get(runId)?.request.recipe.pages ?? ''
    lists.set(runId, list)
    return countWanted(list, pagesTotal)
  }

  /** `pagesTotal` comes from the report: a page may fail before the report that its document was opened. */
  const endIfComplete = (row: Document, out: Recorded, pagesTotal: number | null): void => {
    if (pages.countOf(row.id) < pagesOf(row, pagesTotal ?? row.pagesTotal ?? 1)) return
    const states = pages.states(row.id)
    const failures = states.filter((page) => page.error !== null)
    const [bad] = failures
    const worker = states[0]?.worker ?? null
    if (bad === undefined) {
      const outcome = states.every((page) => page.outcome === 'empty') ? 'empty' : 'succeeded'
      return end(row, { outcome, error: null, worker }, null, out)
    }
    const message = `page ${bad.page} of ${row.pagesTotal ?? pagesTotal} ${bad.error?.message}`
    const isPartial = failures.length < states.length
    const others = failures.length === 1 ? '' : ` (and ${failures.length - 1} more pages failed)`
    const error = { code: bad.error?.code ?? 'internal', message: `${message}${others}` }
    end(row, { outcome: isPartial ? 'partial' : bad.outcome, error, worker: bad.worker }, null, out)
  }

  /**
   * Ends a document that failed as a whole. Pages of an earlier pass are kept: a reading that could have been better must
   * not cost the text. They are not kept where the file has changed since.
   */
  const endFailed = (row: Document, { outcome, error, worker }: Ending, out: Recorded): void => {
    if (pages.settleAll(row.id)) {
      if (error?.code === 'unstable') pages.clear(row.id)
      else endIfComplete(row, out, null)
    }
    end(row, { outcome, error, worker }, null, out) // No effect if it has just ended.
  }

  return { endIfComplete, endFailed }
}
