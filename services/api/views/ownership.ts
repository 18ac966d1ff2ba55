import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Run } from '../../ledger/runs.ts'
import type { Caller } from '../http/auth.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import type { Tickets } from '../state/tickets.ts'

interface Deps {
  ledger: LedgerView
  tickets: Tickets
  /** Names of all tokens. */
  tokens: readonly string[]
}

const readAtATime = 500

/**
 * Permissions to change documents: a caller may change those of its own token, `admin` all. Others may have submitted
 * the same bytes: deleting or cancelling such a document takes an owner of all its uploads. Documents without a token
 * (from the command line, or from before tokens) belong to `admin`, or to the only token.
 */
export function createOwnership({ ledger, tickets, tokens }: Deps) {
  const isOwn = ({ name }: Caller, owner: string): boolean =>
    owner === name || (tokens.length === 1 && !tokens.includes(owner))

  async function* ownersOf(id: string): AsyncGenerator<string> {
    const ticket = await tickets.ofDocument(id)
    if (ticket !== undefined) yield ticket.request.requestedBy
    const { documents, runs, callers } = ledger.get()
    const row = documents.get(id)
    if (row === undefined) return
    if (row.origin === 'folder') {
      const request = runs.get(row.runId)?.request
      if (request !== undefined) yield request.requestedBy
      return
    }
    const turns = createEventTurns()
    let after = ''
    for (;;) {
      const found = callers.uploaders(id, after, readAtATime)
      for (const { caller } of found) yield caller
      if (found.length < readAtATime) return
      after = found.at(-1)?.runId ?? ''
      await turns.give()
    }
  }

  return {
    requireRun(caller: Caller, { request }: Pick<Run, 'request'>): void {
      if (caller.isAdmin || isOwn(caller, request.requestedBy)) return
      throw new ScriptoriumError(
        'forbidden',
        'another caller started this run; this requires the scope admin',
      )
    },
    /** With `all`, no other token may have submitted it. */
    async requireDocument(caller: Caller, id: string, which: 'any' | 'all'): Promise<void> {
      if (caller.isAdmin) return
      let hasOwn = false
      for await (const owner of ownersOf(id)) {
        if (isOwn(caller, owner)) hasOwn = true
        else if (which === 'all') {
          const message = 'other callers submitted this document too; this requires the scope admin'
          throw new ScriptoriumError('forbidden', message)
        }
        if (hasOwn && which === 'any') return
      }
      if (hasOwn) return
      const message = 'another caller submitted this document; this requires the scope admin'
      throw new ScriptoriumError('forbidden', message)
    },
  }
}

export type Ownership = ReturnType<typeof createOwnership>
