import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../../shared/process/errors.ts'
import { draftTicket, removedInput, type Spool } from '../../../shared/files/spool.ts'

interface Deps {
  spool: Spool
  /** Whether a document needs the bytes with this hash. */
  isNeeded: (sha256: string) => boolean
}

/**
 * Deletes inputs of the spool, while the API may be accepting the same bytes again. The API writes the draft of a
 * ticket before it replaces an old file. So a file is moved aside first; if no ticket names it then, that very file is
 * deleted.
 */
export function createSpoolInputs({ spool, isNeeded }: Deps) {
  const place = (sha256: string): string => join(spool.inputs, sha256)

  const remove = (sha256: string, seen: bigint): void => {
    const aside = join(spool.tmp, sha256 + removedInput)
    try {
      renameSync(place(sha256), aside)
    } catch (thrown) {
      if (systemCode(thrown) === 'ENOENT') return
      throw thrown
    }
    if (inodeOf(aside) === seen) rmSync(aside)
    else renameSync(aside, place(sha256)) // It has just arrived.
  }

  return {
    /** Deletes the unused inputs of this list. */
    drop(hashes: readonly string[]): void {
      const seen = new Map<string, bigint>()
      for (const sha256 of hashes) {
        const inode = isNeeded(sha256) ? undefined : inodeOf(place(sha256))
        if (inode !== undefined) seen.set(sha256, inode)
      }
      if (seen.size === 0) return
      const tickets = readTickets(spool)
      for (const [sha256, inode] of seen) if (!tickets.includes(sha256)) remove(sha256, inode)
    },
    /** Restores inputs whose deletion a crash interrupted: they may have been new. */
    recover(): void {
      for (const name of namesIn(spool.tmp)) {
        if (!name.endsWith(removedInput)) continue
        renameSync(join(spool.tmp, name), place(name.slice(0, -removedInput.length)))
      }
    },
  }
}

const inodeOf = (file: string): bigint | undefined =>
  statSync(file, { bigint: true, throwIfNoEntry: false })?.ino

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** The text of all tickets and their drafts, concatenated: there are as many as recent uploads. */
function readTickets({ tickets, tmp }: Spool): string {
  const drafts = namesIn(tmp).filter((name) => name.endsWith(draftTicket))
  const ofDrafts = drafts.map((name) => readTicket(join(tmp, name)))
  // After the drafts: a draft that was issued in the meantime is found here.
  return [...ofDrafts, ...namesIn(tickets).map((name) => readTicket(join(tickets, name)))].join('')
}

function readTicket(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return '' // Issued, or withdrawn.
    throw thrown
  }
}
