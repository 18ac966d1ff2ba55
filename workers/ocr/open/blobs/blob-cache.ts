import { hash, randomUUID } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ScriptoriumError, systemCode, toError } from '../../../../shared/process/errors.ts'
import { takePrivateFolder } from '../../../../shared/files/private-files.ts'
import type { Lines } from '../../../../shared/process/outage-log.ts'
import type { Source, SourceRequest } from '../source.ts'

interface Deps {
  /** Shared by the workers of a host. */
  folder: string
  maxBytes: number
  log: Pick<Lines, 'warn'>
}

/** A copy begins with its SHA-256: a crash may leave one that was never written to its end. */
const digestBytes = 32
/** A copy that is being written for longer than this was left by a process that died. */
const abandonedMs = 600_000
const draft = '.draft'

/**
 * Copies of downloaded documents on disk; the least recently used are deleted first. A disk that is full or read-only
 * costs downloads, not pages: its errors are logged. Throws `configuration` for a folder that others can write.
 */
export function createBlobCache({ folder, maxBytes, log }: Deps) {
  const { isOpen } = takePrivateFolder(folder, false)
  if (isOpen) {
    const message = `${folder} is open to other users; set SCRIPTORIUM_BLOB_CACHE to a folder of your own`
    throw new ScriptoriumError('configuration', message)
  }
  const fileOf = (request: SourceRequest): string => join(folder, nameOf(request))

  const makeRoom = async (): Promise<void> => {
    const copies = await listCopies(folder)
    let bytes = copies.reduce((total, { size }) => total + size, 0)
    for (const { name, size } of copies.toSorted((a, b) => a.usedAtMs - b.usedAtMs)) {
      if (bytes <= maxBytes) return
      await rm(join(folder, name), { force: true })
      bytes -= size
    }
  }
  return {
    /** Returns the planned content; undefined where there is no sound copy. */
    async find(request: SourceRequest): Promise<Source | undefined> {
      const file = fileOf(request)
      const copy = await readFile(file).catch((thrown: unknown) => {
        if (systemCode(thrown) !== 'ENOENT') log.warn({ err: toError(thrown) }, unread)
      })
      if (copy === undefined) return undefined
      const bytes = copy.subarray(digestBytes)
      const sha256 = hash('sha256', bytes)
      if (sha256 !== copy.subarray(0, digestBytes).toString('hex')) {
        await rm(file, { force: true })
        return undefined
      }
      const now = new Date()
      await utimes(file, now, now).catch(toError) // Another worker may have deleted it.
      return { bytes, sha256 }
    },
    async keep(request: SourceRequest, { bytes, sha256 }: Source): Promise<void> {
      if (bytes.length > maxBytes) return
      const written = join(folder, `${randomUUID()}${draft}`)
      try {
        await writeFile(written, [Buffer.from(sha256, 'hex'), bytes], { mode: 0o600, flag: 'wx' })
        await rename(written, fileOf(request))
        await makeRoom()
      } catch (thrown) {
        log.warn({ err: toError(thrown) }, 'a downloaded document cannot be kept on disk')
        await rm(written, { force: true }).catch(toError)
      }
    },
  }
}

export type BlobCache = ReturnType<typeof createBlobCache>

const unread = 'a copy of a downloaded document cannot be read'

/** Names the planned content. */
const nameOf = ({ root, path, follow, stat: planned }: SourceRequest): string =>
  hash('sha256', JSON.stringify([root, path, follow, planned ?? null]))

/** The copies with their size and last use; deletes those that were never finished. */
async function listCopies(folder: string) {
  const copies: { name: string; size: number; usedAtMs: number }[] = []
  for (const name of await readdir(folder)) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found === undefined) continue // Another worker has deleted it.
    if (!name.endsWith(draft)) copies.push({ name, size: found.size, usedAtMs: found.mtimeMs })
    else if (Date.now() - found.mtimeMs > abandonedMs) await rm(join(folder, name), { force: true })
  }
  return copies
}
