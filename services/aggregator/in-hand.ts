import { join } from 'node:path'
import { openHandMarks } from '../../shared/hands/hand-marks.ts'
import { createHands } from '../../shared/hands/hands.ts'
import { countDeaths } from '../../shared/hands/suspects.ts'
import type { Lines } from '../../shared/process/outage-log.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { describeDeaths, stages } from '../ledger/work-items.ts'

/** File beside the ledger with its aggregator's work in progress. */
export const handFile = (folder: string): string => join(folder, 'in-hand')

/** Deliveries wait for their receivers, and commands for other work: waiting work is not blamed. */
function levelOf(item: string): number {
  if (item.startsWith(stages.deliver)) return 2
  return item.startsWith('command ') || item.startsWith('plan ') ? 1 : 0
}

/**
 * Counts the items over which the last aggregator of this folder died, and begins to record the work of this one. This
 * process must own `folder`.
 */
export function openAggregatorHands(folder: string, ledger: Ledger, log: Lines) {
  const marks = openHandMarks(handFile(folder))
  const { session, items: left } = marks.left
  if (left.length > 0) {
    const deaths = countDeaths(left, ledger.deaths.all(), levelOf)
    log.warn(
      { deaths: Object.fromEntries(deaths) },
      'the aggregator crashed while processing these items',
    )
    ledger.transaction(() => ledger.deaths.count(session, deaths))
  }
  marks.begin()
  const suspects = ledger.deaths.all()
  const hands = createHands({
    marks,
    suspects,
    forget: ledger.deaths.forget,
    describe: describeDeaths,
    log,
  })
  return { hands, close: () => marks.close() }
}
