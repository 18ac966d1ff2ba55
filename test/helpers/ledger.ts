import { openLedger, type Ledger } from '../../services/aggregator/ledger/ledger.ts'
import type { DocumentRow, Plan } from '../../services/aggregator/ledger/documents.ts'
import { makeFolder, type Ending } from './folder.ts'

/** An empty ledger that goes with the test. */
export function makeLedger(ending: Ending, folder = makeFolder(ending)): Ledger {
  const ledger = openLedger(folder)
  ending.after(() => ledger.close())
  return ledger
}

export const makePlan = (id: string, given: Partial<Plan> = {}): Plan => ({
  id,
  run_id: 'r1',
  path: `${id}.png`,
  stat: '3-1-1',
  bytes: 3,
  fingerprint: 'fp',
  job_id: `j${id}`,
  pass: 1,
  ...given,
})

/** A document's row, which must be there. */
export function rowOf(ledger: Ledger, id: string): DocumentRow {
  const row = ledger.documents.get(id)
  if (row === undefined) throw new Error(`the ledger holds no ${id}`)
  return row
}
