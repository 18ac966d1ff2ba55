import { hash } from 'node:crypto'
import { ScriptoriumError } from '../../../shared/errors.ts'
import type { Input } from '../../../shared/messages.ts'
import type { OpenedDocument } from './opened.ts'
import type { Openers } from './open.ts'
import { checkSource, readSource, type SourceRequest } from './source.ts'

interface Deps {
  openers: Openers
  /** Documents are kept open as long as they hold less than this together; the one in use always is. */
  maxHeldBytes: number
  /** A document that no page was taken from for so long is closed. */
  idleMs: number
}

/** An open document and what is known of its bytes. */
export interface OpenSource {
  input: Input
  document: OpenedDocument
}

/** Asks for the run's password where a document wants one. */
export type AskPassword = () => Promise<string | undefined>

/**
 * Keeps documents of many pages open from page to page, least recently used first to go: their pages come as jobs of
 * their own, and reading, hashing and parsing the whole file for each would cost more than the page. Before each use the
 * file is checked to be what was planned. The caller takes one page at a time, so nothing is closed while it is used.
 */
export function createDocuments({ openers, maxHeldBytes, idleMs }: Deps) {
  const held = new Map<string, OpenSource>()
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
    /** The document as it was planned. Throws what `readSource` and an `Opener` throw. */
    async get(request: SourceRequest, askPassword: AskPassword): Promise<OpenSource> {
      const key = keyOf(request)
      const known = held.get(key)
      if (known !== undefined && !known.document.isLost()) {
        await checkSource(request)
        held.delete(key)
        held.set(key, known) // The most recent is last.
        idle?.refresh()
        return known
      }
      await letGo(key)
      const { bytes, sha256 } = await readSource(request)
      if (request.stat === '' && sha256 !== request.path) {
        throw new ScriptoriumError('corrupt_upload', 'is not in the spool as it was uploaded')
      }
      const document = await openBytes(bytes, askPassword)
      const { mediaType } = document
      return { input: { sha256, bytes: bytes.length, mediaType }, document }
    },
    /** Keeps a document for its next page, where it has more than one; else closes it. */
    async putBack(request: SourceRequest, source: OpenSource): Promise<void> {
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

export type Documents = ReturnType<typeof createDocuments>

const bytesIn = (held: ReadonlyMap<string, OpenSource>): number =>
  [...held.values()].reduce((total, { document }) => total + document.bytesHeld, 0)

/** The same file as it was planned at the same moment. */
const keyOf = ({ root, path, stat }: SourceRequest): string =>
  hash('sha256', JSON.stringify([root, path, stat]))
