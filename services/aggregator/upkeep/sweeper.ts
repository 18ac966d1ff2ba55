import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ScriptoriumError, systemCode, toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { acceptanceSchema, type Acceptance } from '../../../shared/contract/messages/command.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { ticketFile, type Spool } from '../../../shared/files/spool.ts'
import { upgradeAcceptance } from '../../../shared/contract/schema/upgrades.ts'
import type { DocumentCommands } from '../commands/document-commands.ts'
import { workItems } from '../../ledger/work-items.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { createSpoolInputs } from '../commands/spool-inputs.ts'

interface Deps {
  ledger: Ledger
  spool: Spool
  commands: Pick<DocumentCommands, 'expire'>
  /** Records uploads that the API accepted and could not announce. */
  absorb: (accepted: readonly Acceptance[]) => Promise<void>
  /** Knows the items over which we died. */
  hands?: Pick<Hands, 'isSuspect' | 'poisonOf'>
  /** Retention of uploads and their results, milliseconds; 0 = for ever. */
  retentionMs: number
  log: Logger
}

/** The announcement of a ticket this old has failed: its writer died, or Redis was unreachable. */
const lateTicketMs = 5_000
/** An unknown input younger than this may belong to an upload in progress. */
const orphanMs = 3_600_000
const orphanCheckMs = 3_600_000
const batch = 500
const ticketsAtATime = 100
const unreadable = '.unreadable'

const parseTicket = createParser('a ticket', acceptanceSchema, upgradeAcceptance)

/**
 * Maintains the spool: takes up accepted uploads that were never announced, and deletes expired uploads and files
 * without an owner.
 */
export function createSweeper(deps: Deps) {
  const { ledger, spool, commands, absorb, hands = freeHands, retentionMs, log } = deps
  const { documents } = ledger
  const inputs = createSpoolInputs({ spool, isNeeded: documents.isSpooled })
  let orphansAt = 0

  const readTicket = (file: string): Acceptance | undefined => {
    try {
      return parseTicket(JSON.parse(readFileSync(file, 'utf8')))
    } catch (thrown) {
      if (systemCode(thrown) === 'ENOENT') return undefined // The API has withdrawn it.
      const err = toError(thrown)
      if (isOfContent(thrown)) {
        log.error({ file, err }, 'malformed ticket set aside')
        renameSync(file, file + unreadable)
      } else log.error({ file, err }, 'reading a ticket failed, retrying')
      return undefined
    }
  }

  const setAside = (name: string, why: string): void => {
    const file = join(spool.tickets, name)
    log.error({ file, err: why }, 'ticket set aside as poison')
    renameSync(file, file + unreadable)
  }

  /** Every file exists before its ticket; a missing one was deleted by another program. */
  const arrived = (ticket: Acceptance): Acceptance => {
    const { runId } = ticket.request
    const isThere = ({ sha256 }: Acceptance['documents'][number]): boolean => {
      if (statSync(join(spool.inputs, sha256), { throwIfNoEntry: false }) !== undefined) return true
      log.error({ runId, sha256 }, 'the input of an accepted upload is missing')
      return false
    }
    return { ...ticket, documents: ticket.documents.filter(isThere) }
  }

  const takeUpTickets = async (olderThanMs: number): Promise<void> => {
    if (!existsSync(spool.tickets)) return
    const late = readdirSync(spool.tickets).filter((name) => {
      const age = ageOf(join(spool.tickets, name))
      return name.endsWith('.json') && age !== undefined && age >= olderThanMs
    })
    for (const name of late) {
      const poison = hands.poisonOf(itemOf(name))
      if (poison !== undefined) setAside(name, poison)
    }
    const sound = late.filter((name) => hands.poisonOf(itemOf(name)) === undefined)
    const atATime = sound.some((name) => hands.isSuspect(itemOf(name))) ? 1 : ticketsAtATime
    for (let first = 0; first < sound.length; first += atATime) {
      const tickets = sound
        .slice(first, first + atATime)
        .flatMap((name) => readTicket(join(spool.tickets, name)) ?? [])
        .map(arrived)
      for (const { request, documents: accepted } of tickets) {
        if (accepted.length === 0) forgetTicket(request.runId)
      }
      const whole = tickets.filter(({ documents: accepted }) => accepted.length > 0)
      if (whole.length === 0) continue
      const runIds = whole.map(({ request }) => request.runId)
      log.info({ runIds }, 'starting accepted uploads that were not announced')
      await absorb(whole)
    }
  }

  const forgetTicket = (runId: string): void => rmSync(ticketFile(spool, runId), { force: true })

  /** A recorded upload needs no ticket, and no input where its document was already known. */
  const recorded = (accepted: readonly Acceptance[]): void => {
    try {
      for (const { request } of accepted) forgetTicket(request.runId)
      inputs.drop(accepted.flatMap((each) => each.documents.map(({ sha256 }) => sha256)))
    } catch (thrown) {
      log.warn(
        { err: toError(thrown) },
        'removing a recorded ticket failed, the next sweep retries',
      )
    }
  }

  const expireOld = (): void => {
    if (retentionMs === 0) return
    const before = new Date(Date.now() - retentionMs).toISOString()
    for (;;) {
      const rows = ledger.documents.keptSince(before, batch)
      if (rows.length === 0) return
      commands.expire(rows)
      log.info({ documents: rows.length }, 'expired uploads deleted')
    }
  }

  const removeOrphans = (): void => {
    if (Date.now() - orphansAt < orphanCheckMs) return
    orphansAt = Date.now()
    if (!existsSync(spool.inputs)) return
    const old = readdirSync(spool.inputs).filter(
      (sha256) => (ageOf(join(spool.inputs, sha256)) ?? 0) >= orphanMs,
    )
    inputs.drop(old)
  }

  /** A newer version may understand a ticket that the previous one set aside. */
  const readAgain = (): void => {
    if (!existsSync(spool.tickets)) return
    for (const name of readdirSync(spool.tickets)) {
      if (!name.endsWith(unreadable)) continue
      const file = join(spool.tickets, name)
      renameSync(file, file.slice(0, -unreadable.length))
    }
  }

  return {
    recorded,
    /** At the start every ticket counts as late: its writer may have died with us. */
    async takeUp(): Promise<void> {
      inputs.recover()
      readAgain()
      await takeUpTickets(0)
    },
    async sweep(): Promise<void> {
      await takeUpTickets(lateTicketMs)
      expireOld()
      removeOrphans()
    },
  }
}

/** A ticket is named after its run. */
const itemOf = (name: string): string => workItems.collect(basename(name, '.json'))

const isOfContent = (thrown: unknown): boolean =>
  thrown instanceof SyntaxError || thrown instanceof ScriptoriumError

/**
 * Age of a file in milliseconds, or the time until its date where a clock was set back; undefined where it has gone.
 */
function ageOf(file: string): number | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && Math.abs(Date.now() - found.ctimeMs)
}
