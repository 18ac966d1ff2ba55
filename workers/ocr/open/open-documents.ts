import { hash } from 'node:crypto'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { ReportedInput } from '../../../shared/contract/messages/worker-report.ts'
import type { OpenedDocument } from './opened.ts'
import type { Openers } from './open.ts'
import type { SourceRequest } from './source.ts'
import type { Sources } from './sources.ts'

interface Deps {
  openers: Openers
  sources: Sources
  /** Documents stay open while together they hold less than this; the one in use always does. */
  maxHeldBytes: number
  /** A document is closed after no page has been taken from it for this long. */
  idleMs: number
}

/** An open document, and the hash of its bytes. */
export interface HeldDocument {
  input: ReportedInput
  document: OpenedDocument
}

/** Fetches the run's password for a document that needs one. */
export type AskPassword = () => Promise<string | undefined>

/**
 * Keeps documents of many pages open from page to page and closes the least recently used first. Their pages arrive as
 * jobs of their own; reading, hashing and parsing the whole file for each would cost more than the page. Before each
 * use it checks that the file is still the planned one. The caller takes one page at a time, so nothing is closed while
 * it is in use.
 */
export function createOpenDocuments({ openers, sources, maxHeldBytes, idleMs }: Deps) {
  const held = new Map<string, HeldDocument>()
  let idle: NodeJS.Timeout | undefined

  const letGo = async (key: string): Promise<void> => {
    const source = held.get(key)
    held.delete(key)
    await source?.document.close()
  }
  const closeAll = async (): Promise<void> => {
    clearTimeout(idle)
    for (const key of held.keys()) await letGo(key)
  }
  const makeRoom = async (): Promise<void> => {
    for (const key of [...held.keys()].slice(0, -1)) {
      if (bytesIn(held) <= maxHeldBytes) return
      await letGo(key)
    }
  }

  const openBytes = async (bytes: Buffer, askPassword: AskPassword): Promise<OpenedDocument> => {
    try {
      return await openers.open(bytes, undefined)
    } catch (thrown) {
      const isLocked = thrown instanceof ScriptoriumError && thrown.code === 'password_required'
      const password = isLocked ? await askPassword() : undefined
      if (password === undefined) throw thrown
      return openers.open(bytes, password)
    }
  }

  return {
    /** Returns the document as it was planned. Throws the errors of `Sources` and of an `Opener`. */
    async get(request: SourceRequest, askPassword: AskPassword): Promise<HeldDocument> {
      const key = keyOf(request)
      const known = held.get(key)
      if (known !== undefined && !known.document.isLost()) {
        await sources.check(request)
        held.delete(key)
        held.set(key, known) // The most recently used is last.
        idle?.refresh()
        return known
      }
      await letGo(key)
      const source = await sources.read(request)
      const { bytes, sha256 } = source
      if (request.stat === undefined && sha256 !== request.path) {
        throw new ScriptoriumError(
          'corrupt_upload',
          'is damaged: its content in the spool differs from the upload',
        )
      }
      const document = await openBytes(bytes, askPassword)
      const { mediaType } = document
      if (document.pagesTotal > 1) await sources.keep(request, source)
      return { input: { sha256, bytes: bytes.length, mediaType }, document }
    },
    /** Keeps a document with more than one page for its next page; closes any other. */
    async putBack(request: SourceRequest, source: HeldDocument): Promise<void> {
      if (source.document.pagesTotal === 1 || source.document.isLost()) {
        held.delete(keyOf(request))
        return source.document.close()
      }
      held.set(keyOf(request), source)
      await makeRoom()
      clearTimeout(idle)
      idle = setTimeout(() => void closeAll(), idleMs).unref()
    },
    close: closeAll,
  }
}

export type OpenDocuments = ReturnType<typeof createOpenDocuments>

const bytesIn = (held: ReadonlyMap<string, HeldDocument>): number =>
  [...held.values()].reduce((total, { document }) => total + document.bytesHeld, 0)

/** Identifies the same file, planned with the same stat. */
const keyOf = ({ root, path, stat }: SourceRequest): string =>
  hash('sha256', JSON.stringify([root, path, stat]))
