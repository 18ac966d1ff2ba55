import type { ChaosFinding } from '../history/findings.ts'
import type { Started } from '../world/process.ts'
import type { Folder } from '../corpus/folder.ts'

/** The reading of one folder, by any client, until it has ended for good. */
export interface ClientRun {
  kind: 'api' | 'ingest' | 'own ingest'
  folder: Folder
  /** The folder of the ledger that records it. */
  data: string
  findings: ChaosFinding[]
  /** Changes with every step of progress. */
  steps: () => number
  isDone: () => boolean
  done: Promise<void>
  /** Its process, if any: a fault reports that it struck it. */
  process: () => Started | undefined
  struck: () => void
  /** No more faults follow. */
  healed: () => void
}
