import { openLedger, type Ledger } from '../../../services/ledger/ledger.ts'
import type { Document, Plan } from '../../../services/ledger/document.ts'
import type { Format } from '../../../shared/contract/result/formats.ts'
import type { DocumentPass } from '../../../services/ledger/document.ts'
import { makeFolder, type Ending } from '../folder.ts'

/** An empty ledger that goes with the test. */
export function makeLedger(ending: Ending, folder = makeFolder(ending)): Ledger {
  const ledger = openLedger(folder)
  ending.after(() => ledger.close())
  return ledger
}

export const makePlan = (id: string, given: Partial<Plan> = {}): Plan => ({
  id,
  runId: 'r1',
  path: `${id}.png`,
  stat: '3-1-1',
  bytes: 3,
  fingerprint: 'fp',
  jobId: `j${id}`,
  pass: 1,
  ...given,
})

/** Plans a document of a folder as the planner does, with a claim on its output. */
export function planInto(
  { documents, claims }: Ledger,
  out: string,
  plan: Plan,
  formats: readonly Format[] = ['txt', 'json'],
): void {
  claims.set(out, plan.path, plan.id, formats)
  documents.plan(plan)
}
/** The first reading of a document. */
export const firstPass = (id: string): DocumentPass => ({ id, pass: 1 })

/** A document's row, which must be there. */
export function rowOf(ledger: Ledger, id: string): Document {
  const row = ledger.documents.get(id)
  if (row === undefined) throw new Error(`the ledger holds no ${id}`)
  return row
}
