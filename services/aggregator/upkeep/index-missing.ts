import { setImmediate as turn } from 'node:timers/promises'
import { toError } from '../../../shared/process/errors.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { workItems, stages } from '../../ledger/work-items.ts'
import type { Ledger } from '../../ledger/ledger.ts'

interface Deps {
  ledger: Pick<Ledger, 'pages' | 'transaction'>
  /** Records the page being indexed. */
  hands: Pick<Hands, 'take' | 'hasSuspects' | 'poisonOf'>
  log: Lines
}

const pagesAtATime = 50

/** Indexes pages that were read before search was enabled, in small batches; a page over which we died runs alone. */
export async function indexMissing(
  { ledger, hands, log }: Deps,
  stopping: AbortSignal,
): Promise<void> {
  const { pages } = ledger
  const hand = hands.take()
  const indexSome = async (limit: number): Promise<boolean> => {
    const [first] = pages.missing(1)
    if (first === undefined) return false
    const item = workItems.index(first.documentId, first.page)
    const poison = hands.poisonOf(item)
    if (poison === undefined) await hand.next(item)
    else log.error({ ...first, err: poison }, 'indexing the words of a page failed')
    return ledger.transaction(() =>
      pages.indexMissing(limit, (documentId, page) => {
        hand.part(workItems.index(documentId, page))
        return poison === undefined
      }),
    )
  }
  try {
    while (
      !stopping.aborted &&
      (await indexSome(hands.hasSuspects(stages.index) ? 1 : pagesAtATime))
    )
      await turn()
  } catch (thrown) {
    log.warn({ err: toError(thrown) }, 'indexing older pages failed, the next start retries')
  } finally {
    hand.done()
  }
}
