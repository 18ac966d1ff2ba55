import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode, toError } from '../../shared/errors.ts'
import type { Logger } from '../../shared/logger.ts'
import { acceptanceSchema, createParser, type Acceptance } from '../../shared/messages.ts'
import { ticketFile, type Spool } from '../../shared/spool.ts'
import type { DocumentCommands } from './document-commands.ts'
import type { Ledger } from './ledger/ledger.ts'

interface Deps {
  ledger: Ledger
  spool: Spool
  commands: Pick<DocumentCommands, 'expire'>
  /** Enters what the API accepted and could not say. */
  absorb: (accepted: readonly Acceptance[]) => Promise<void>
  /** How long uploads and their results are kept, milliseconds; 0 = for ever. */
  retentionMs: number
  log: Logger
}

/** A ticket this old was not heard of in time: whoever wrote it died, or Redis was away. */
const lateTicketMs = 5_000
/** An input that nobody knows may be on its way still; one this old is not. */
const orphanMs = 3_600_000
const orphanCheckMs = 3_600_000
const batch = 500

const parseTicket = createParser('a ticket', acceptanceSchema)

/**
 * Sees to the spool: takes up what was accepted and never announced, removes what has had its time, and what belongs
 * to nobody.
 */
export function createSweeper({ ledger, spool, commands, absorb, retentionMs, log }: Deps) {
  let orphansAt = 0

  const readTicket = (file: string): Acceptance | undefined => {
    try {
      return parseTicket(JSON.parse(readFileSync(file, 'utf8')))
    } catch (thrown) {
      if (systemCode(thrown) === 'ENOENT') return undefined // The API has taken it back.
      log.error({ file, err: toError(thrown) }, 'a ticket is not understood, setting it aside')
      renameSync(file, `${file}.unreadable`)
      return undefined
    }
  }

  /** A file that never reached its place was never accepted: the client got no answer. */
  const arrived = (ticket: Acceptance): Acceptance => ({
    ...ticket,
    documents: ticket.documents.filter(({ sha256 }) => existsSync(join(spool.inputs, sha256))),
  })

  const takeUpTickets = async (olderThanMs: number): Promise<void> => {
    if (!existsSync(spool.tickets)) return
    const late = readdirSync(spool.tickets).filter((name) => {
      const age = ageOf(join(spool.tickets, name))
      return name.endsWith('.json') && age !== undefined && age >= olderThanMs
    })
    for (const name of late) {
      const ticket = readTicket(join(spool.tickets, name))
      if (ticket === undefined) continue
      const accepted = arrived(ticket)
      log.info(
        { runId: ticket.request.runId, documents: accepted.documents.length },
        'an upload was accepted and not announced, taking it up',
      )
      if (accepted.documents.length > 0) await absorb([accepted])
      else forgetTicket(ticket.request.runId)
    }
  }

  const forgetTicket = (runId: string): void => rmSync(ticketFile(spool, runId), { force: true })

  const expireOld = (): void => {
    if (retentionMs === 0) return
    const before = new Date(Date.now() - retentionMs).toISOString()
    for (;;) {
      const rows = ledger.documents.keptSince(before, batch)
      if (rows.length === 0) return
      commands.expire(rows)
      log.info({ documents: rows.length }, 'uploads have had their time')
    }
  }

  const removeOrphans = (): void => {
    if (Date.now() - orphansAt < orphanCheckMs) return
    orphansAt = Date.now()
    if (!existsSync(spool.inputs)) return
    for (const sha256 of readdirSync(spool.inputs)) {
      const file = join(spool.inputs, sha256)
      const age = ageOf(file)
      if (age === undefined || age < orphanMs || ledger.documents.isSpooled(sha256)) continue
      rmSync(file, { force: true })
    }
  }

  return {
    forgetTicket,
    /** At the start every ticket counts as late: whoever wrote it may have died with us. */
    takeUp: () => takeUpTickets(0),
    async sweep(): Promise<void> {
      await takeUpTickets(lateTicketMs)
      expireOld()
      removeOrphans()
    },
  }
}

/** Milliseconds since a file came to lie here; undefined where it has gone meanwhile. */
function ageOf(file: string): number | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && Date.now() - found.ctimeMs
}
