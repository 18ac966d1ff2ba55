import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ScriptoriumError, systemCode, toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { acceptanceSchema, type Acceptance } from '../../../shared/contract/messages/command.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { ageOf, ticketFile, type Spool } from '../../../shared/files/spool.ts'
import { upgradeAcceptance } from '../../../shared/contract/schema/upgrades.ts'
import { workItems } from '../../ledger/work-items.ts'

interface Deps {
  spool: Spool
  /** Records uploads that the API accepted and could not announce. */
  absorb: (accepted: readonly Acceptance[]) => Promise<void>
  /** Knows the items over which we died. */
  hands?: Pick<Hands, 'isSuspect' | 'poisonOf'>
  log: Logger
}

const ticketsAtATime = 100
const unreadable = '.unreadable'

const parseTicket = createParser('a ticket', acceptanceSchema, upgradeAcceptance)

/** Takes up the tickets of accepted uploads that were never announced; sets those aside that cannot be read. */
export function createTicketTaker({ spool, absorb, hands = freeHands, log }: Deps) {
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

  const takeUp = async (olderThanMs: number): Promise<void> => {
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
    /** Those of at least this age. */
    takeUp,
    forget: forgetTicket,
    readAgain,
  }
}

/** A ticket is named after its run. */
const itemOf = (name: string): string => workItems.collect(basename(name, '.json'))

const isOfContent = (thrown: unknown): boolean =>
  thrown instanceof SyntaxError || thrown instanceof ScriptoriumError
