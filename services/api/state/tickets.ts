import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ScriptoriumError, systemCode } from '../../../shared/process/errors.ts'
import { acceptanceSchema, type Acceptance } from '../../../shared/contract/messages/command.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { draftTicket, ticketFile, type Spool } from '../../../shared/files/spool.ts'
import { upgradeAcceptance } from '../../../shared/contract/schema/upgrades.ts'
import { createSharedSync, syncFolder } from './folder-sync.ts'

const parse = createParser('a ticket', acceptanceSchema, upgradeAcceptance)
const ending = '.json'
const readAtATime = 50

/** A ticket that is not valid yet. */
interface TicketDraft {
  /** Makes its content durable. */
  sync: () => Promise<void>
  /** Makes the ticket valid and durable: from here on the upload is accepted, whatever dies or is lost. */
  issue: () => Promise<void>
  /** Withdraws it, valid or not: nothing was promised. */
  withdraw: () => Promise<void>
}

/**
 * The tickets of the spool: uploads that the ledger may not have yet. They answer for these, because Redis may lose
 * data. An upload in neither may have been recorded in between, so the ledger is read once more.
 */
export function createTickets(spool: Spool) {
  const index = createIndex()
  const syncTickets = createSharedSync(() => syncFolder(spool.tickets))

  const read = async (runId: string): Promise<Acceptance | undefined> => {
    try {
      return parse(JSON.parse(await readFile(ticketFile(spool, runId), 'utf8')))
    } catch (thrown) {
      // Unreadable, which the aggregator reports; or recorded, or withdrawn in the meantime.
      if (thrown instanceof SyntaxError || thrown instanceof ScriptoriumError) return undefined
      if (systemCode(thrown) === 'ENOENT') return undefined
      throw thrown
    }
  }

  /** Several callers may share one listing of the folder: each gets one that began after its call. */
  const scan = createSharedSync(async () => {
    const names = await readdir(spool.tickets)
    const runIds = new Set(
      names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length)),
    )
    index.keepOnly(runIds)
    const unread = [...runIds].filter((runId) => !index.has(runId))
    for (let first = 0; first < unread.length; first += readAtATime) {
      const found = await Promise.all(unread.slice(first, first + readAtATime).map(read))
      for (const ticket of found) if (ticket !== undefined) index.add(ticket)
    }
  })

  /** The tickets of these runs that are still there, the newest first. */
  const ticketsOf = async (find: () => readonly string[]): Promise<Acceptance[]> => {
    const look = async (): Promise<Acceptance[]> => {
      const found = (await Promise.all(find().map(read))).filter((ticket) => ticket !== undefined)
      return found.toSorted((a, b) => (a.acceptedAt < b.acceptedAt ? 1 : -1))
    }
    const found = await look()
    if (found.length > 0) return found
    await scan()
    return look()
  }

  return {
    /** Writes a draft; from here on the aggregator removes no input that it names. */
    async draft(acceptance: Acceptance): Promise<TicketDraft> {
      const { runId } = acceptance.request
      const [draft, file] = [join(spool.tmp, randomUUID() + draftTicket), ticketFile(spool, runId)]
      const withdraw = async (): Promise<void> => {
        index.remove(runId)
        await Promise.all([draft, file].map((each) => rm(each, { force: true })))
      }
      const handle = await open(draft, 'wx', 0o600)
      try {
        await handle.writeFile(JSON.stringify(acceptance))
      } catch (thrown) {
        await handle.close()
        await withdraw()
        throw thrown
      }
      let closed: Promise<void> | undefined
      const close = (): Promise<void> => (closed ??= handle.close())
      return {
        async sync() {
          await handle.datasync()
          await close()
        },
        async issue() {
          await rename(draft, file)
          await syncTickets()
          index.add(acceptance)
        },
        async withdraw() {
          await close()
          await withdraw()
        },
      }
    },
    /** The upload with this run id. */
    ofRun: async (runId: string): Promise<Acceptance | undefined> =>
      (await ticketsOf(() => (index.has(runId) ? [runId] : [])))[0],
    /** The newest upload with a document. */
    ofDocument: async (id: string): Promise<Acceptance | undefined> =>
      (await ticketsOf(() => index.ofDocument(id)))[0],
    /** Documents of a caller's uploads that the ledger may not have yet; some of them it may have by now. */
    countOf: (caller: string): number => index.countOf(caller),
    /** The same, after a check which tickets still exist. */
    async recount(caller: string): Promise<number> {
      await scan()
      return index.countOf(caller)
    },
    /** The first upload that an idempotency key came with. */
    ofKey: async (key: string): Promise<Acceptance | undefined> =>
      (await ticketsOf(() => index.ofKey(key))).at(-1),
  }
}

export type Tickets = ReturnType<typeof createTickets>

/** An index of the tickets by every key. Tickets themselves are read again, because millions may wait. */
function createIndex() {
  const entries = new Map<string, string[]>()
  const runs = new Map<string, Set<string>>()
  /** Documents of a run, and their owner. */
  const work = new Map<string, { caller: string; documents: number }>()
  const openOf = new Map<string, number>()
  const count = (caller: string, more: number): void => {
    const next = (openOf.get(caller) ?? 0) + more
    if (next > 0) openOf.set(caller, next)
    else openOf.delete(caller)
  }
  const remove = (runId: string): void => {
    for (const name of entries.get(runId) ?? []) {
      const those = runs.get(name)
      those?.delete(runId)
      if (those?.size === 0) runs.delete(name)
    }
    entries.delete(runId)
    const done = work.get(runId)
    if (done !== undefined) count(done.caller, -done.documents)
    work.delete(runId)
  }
  const ofName = (name: string): string[] => [...(runs.get(name) ?? [])]
  return {
    has: (runId: string) => entries.has(runId),
    ofDocument: (id: string) => ofName(`d ${id}`),
    ofKey: (key: string) => ofName(`k ${key}`),
    countOf: (caller: string): number => openOf.get(caller) ?? 0,
    add({ request, documents }: Acceptance): void {
      const { runId, idempotency, requestedBy: caller } = request
      remove(runId)
      work.set(runId, { caller, documents: documents.length })
      count(caller, documents.length)
      const names = documents.map(({ documentId }) => `d ${documentId}`)
      if (idempotency !== undefined) names.push(`k ${idempotency.key}`)
      entries.set(runId, names)
      for (const name of names) runs.set(name, (runs.get(name) ?? new Set()).add(runId))
    },
    remove,
    keepOnly(runIds: ReadonlySet<string>): void {
      for (const runId of entries.keys()) if (!runIds.has(runId)) remove(runId)
    },
  }
}
