import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where uploads lie, below SCRIPTORIUM_DATA. A file is written to `tmp`, moved to `inputs/<sha256>`, and belongs to
 * the documents with that hash. A ticket is an `Acceptance` as JSON: it is there from before the file is moved until
 * the ledger has it, so that whatever dies in between, a sweep finds what was accepted.
 */
export interface Spool {
  inputs: string
  tickets: string
  tmp: string
}

/** Names the spool's folders, which are not there where nothing was ever uploaded. */
export function nameSpool(dataFolder: string): Spool {
  const under = (name: string): string => join(dataFolder, 'spool', name)
  return { inputs: under('inputs'), tickets: under('tickets'), tmp: under('tmp') }
}

/** Makes those of the spool's folders that are missing. */
export function openSpool(dataFolder: string): Spool {
  const spool = nameSpool(dataFolder)
  for (const folder of Object.values(spool)) mkdirSync(folder, { recursive: true })
  // Workers refuse a path that goes through a link, and the data folder may be one.
  return { ...spool, inputs: realpathSync(spool.inputs) }
}

export const ticketFile = ({ tickets }: Spool, runId: string): string =>
  join(tickets, `${runId}.json`)
