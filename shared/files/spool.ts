import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { takePrivateFolder } from './private-files.ts'

/**
 * Location of uploads below SCRIPTORIUM_DATA. A file is written to `tmp`, moved to `inputs/<sha256>`, and belongs to
 * the documents with that hash. A ticket is an `Acceptance` as JSON. Its draft exists in `tmp` before the files are
 * moved, so that nobody deletes them; once all of them are safe it is moved to `tickets`, and that move accepts the
 * upload. The ticket stays until the ledger has the upload: whichever process dies or forgets it in between, a sweep
 * finds it.
 */
export interface Spool {
  inputs: string
  tickets: string
  tmp: string
  /** Rendered pages by document, a cache of the API. */
  pictures: string
}

/** Names the spool's folders, which do not exist before the first upload. */
export function nameSpool(dataFolder: string): Spool {
  const under = (name: string): string => join(dataFolder, 'spool', name)
  return {
    inputs: under('inputs'),
    tickets: under('tickets'),
    tmp: under('tmp'),
    pictures: under('pictures'),
  }
}

/** Makes missing folders of the spool. */
export function openSpool(dataFolder: string): Spool {
  const spool = nameSpool(dataFolder)
  for (const folder of Object.values(spool)) {
    makeFolderDurably(folder)
    takePrivateFolder(dirname(folder), false)
    takePrivateFolder(folder, false)
  }
  // Workers reject a path through a link, and the data folder may be one.
  return { ...spool, inputs: realpathSync(spool.inputs) }
}

/** Makes a folder and its missing parents, for this user only, so that they survive a power cut. */
function makeFolderDurably(folder: string): void {
  const path = resolve(folder)
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; ; made = dirname(made)) {
    syncFolder(dirname(made))
    if (made === first || made === dirname(made)) return
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export const ticketFile = ({ tickets }: Spool, runId: string): string =>
  join(tickets, `${runId}.json`)

/** Suffix of ticket drafts. */
export const draftTicket = '.ticket'
/** Suffix, in `tmp`, of inputs that are being deleted. */
export const removedInput = '.removed'

/** Deletes the rendered pages of a document. */
export const dropPictures = ({ pictures }: Spool, documentId: string): void =>
  rmSync(join(pictures, documentId), { recursive: true, force: true })

/**
 * Age of a file of the spool in milliseconds, or the time until its date where a clock was set back; undefined where it has gone.
 */
export function ageOf(file: string): number | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && Math.abs(Date.now() - found.ctimeMs)
}
