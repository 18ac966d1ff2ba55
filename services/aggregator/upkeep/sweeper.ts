import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { toError } from '../../../shared/process/errors.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import { ageOf, type Spool } from '../../../shared/files/spool.ts'
import type { DocumentCommands } from '../commands/document-commands.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { createSpoolInputs } from '../commands/spool-inputs.ts'
import { createTicketTaker } from './ticket-taker.ts'

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

/**
 * Maintains the spool: takes up accepted uploads that were never announced, and deletes expired uploads and files
 * without an owner.
 */
export function createSweeper(deps: Deps) {
  const { ledger, spool, commands, retentionMs, log } = deps
  const { documents } = ledger
  const inputs = createSpoolInputs({ spool, isNeeded: documents.isSpooled })
  const tickets = createTicketTaker(deps)
  let orphansAt = 0

  /** A recorded upload needs no ticket, and no input where its document was already known. */
  const recorded = (accepted: readonly Acceptance[]): void => {
    try {
      for (const { request } of accepted) tickets.forget(request.runId)
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

  return {
    recorded,
    /** At the start every ticket counts as late: its writer may have died with us. */
    async takeUp(): Promise<void> {
      inputs.recover()
      tickets.readAgain()
      await tickets.takeUp(0)
    },
    async sweep(): Promise<void> {
      await tickets.takeUp(lateTicketMs)
      expireOld()
      removeOrphans()
    },
  }
}
