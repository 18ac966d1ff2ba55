import { randomUUID } from 'node:crypto'
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode, toError } from '../../../../shared/process/errors.ts'
import type { Logger } from '../../../../shared/process/logger.ts'
import { requireSpace } from '../../limits/disk-space.ts'

interface Deps {
  folder: string
  maxBytes: number
  minFreeBytes: number
  log: Pick<Logger, 'warn'>
}

/** The cache is tidied after this share of its size was added, down to this share. */
const addedShare = 1 / 16
const keptShare = 7 / 8

/**
 * Rendered pages on disk, in a folder for each document. The pictures that were not shown for longest are deleted first:
 * the time of a file's last use is its modification time. A picture may vanish at any time; it is rendered again.
 */
export function createPictureCache({ folder, maxBytes, minFreeBytes, log }: Deps) {
  let added = maxBytes // Unknown at the start: the first picture tidies.
  let tidying: Promise<void> | undefined

  const tidyWhenDue = (bytes: number): void => {
    added += bytes
    if (added < maxBytes * addedShare || tidying !== undefined) return
    added = 0
    tidying = evict(folder, maxBytes)
      .catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'tidying pictures failed'))
      .finally(() => (tidying = undefined))
  }

  return {
    async find(documentId: string, name: string): Promise<Buffer | undefined> {
      const file = join(folder, documentId, name)
      try {
        const bytes = await readFile(file)
        const now = new Date()
        await utimes(file, now, now)
        return bytes
      } catch (thrown) {
        if (systemCode(thrown) === 'ENOENT') return undefined
        throw thrown
      }
    },
    /** A picture that cannot be kept costs only another rendering. */
    async keep(documentId: string, name: string, bytes: Buffer): Promise<void> {
      if (bytes.length > maxBytes) return
      const file = join(folder, documentId, name)
      const draft = join(folder, `${randomUUID()}.draft`)
      try {
        await requireSpace(folder, minFreeBytes)
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        await writeFile(draft, bytes, { mode: 0o600, flag: 'wx' })
        await rename(draft, file)
        tidyWhenDue(bytes.length)
      } catch (thrown) {
        await rm(draft, { force: true }).catch(toError)
        log.warn({ err: toError(thrown) }, 'keeping a picture failed')
      }
    },
    /** Waits until nothing is being deleted. */
    close: async (): Promise<void> => tidying,
  }
}

export type PictureCache = ReturnType<typeof createPictureCache>

interface Kept {
  file: string
  bytes: number
  usedAt: number
}

async function evict(folder: string, maxBytes: number): Promise<void> {
  const kept = await list(folder)
  let bytes = kept.reduce((sum, each) => sum + each.bytes, 0)
  if (bytes <= maxBytes) return
  for (const { file, ...each } of kept.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (bytes <= maxBytes * keptShare) return
    await rm(file, { force: true })
    await rmdir(dirname(file)).catch(toError) // Others are still in it.
    bytes -= each.bytes
  }
}

async function list(folder: string): Promise<Kept[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const kept: Kept[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const found = await stat(file).catch(() => undefined) // Deleted meanwhile.
    if (found) kept.push({ file, bytes: found.size, usedAt: found.mtimeMs })
  }
  return kept
}
