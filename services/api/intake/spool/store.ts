import { randomUUID } from 'node:crypto'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { systemCode } from '../../../../shared/process/errors.ts'
import { removedInput, type Spool } from '../../../../shared/files/spool.ts'
import { orDiskFull } from '../../limits/disk-space.ts'
import { writeDraft, type Draft } from './draft.ts'
import { createSharedSync, syncFolder } from '../../state/folder-sync.ts'
import type { PaceLimits } from '../../limits/pace.ts'

export interface SpoolLimits {
  /** Uploads are rejected while the spool's disk has less free space than this, bytes. */
  minFreeBytes: number
  pace: PaceLimits
}

/** A complete file in `tmp`, until it is kept or dropped. */
export interface Received extends Draft {
  /** As the client called it. */
  name: string
  /** Moves it to `inputs`, where it is safe from a power cut when this returns. */
  keep(): Promise<void>
  /** Removes it, if it was not kept. */
  drop(): Promise<void>
}

interface Incoming {
  name: string
  maxBytes: number
  signal?: AbortSignal
  /** Called with the bytes of each piece. */
  onBytes?: (bytes: number) => void
}

/** Takes files into the spool. Several processes may share one. */
export function createSpoolStore({ spool, limits }: { spool: Spool; limits: SpoolLimits }) {
  const syncInputs = createSharedSync(() => syncFolder(spool.inputs))
  const live = new Set<string>()

  const drop = async (file: string): Promise<void> => {
    if (!live.has(file)) return
    await rm(file, { force: true })
    live.delete(file)
  }
  const keep = async (file: string, sha256: string): Promise<void> => {
    try {
      await rename(file, join(spool.inputs, sha256)) // Over the same bytes, if they were sent before.
      live.delete(file)
      await syncInputs()
    } catch (thrown) {
      throw orDiskFull(thrown)
    }
  }

  return {
    /**
     * Writes one file to `tmp` at the speed of the disk, holding little of it in memory. Throws `empty_file`,
     * `unsupported_type` or `upload_too_large`, whose messages go after the file's name; `upload_too_slow`, `disk_full`,
     * the signal's reason or the stream's own error. It does not destroy the stream then, and leaves no file.
     */
    async receive(
      stream: Readable,
      { name, maxBytes, signal, onBytes }: Incoming,
    ): Promise<Received> {
      const file = join(spool.tmp, randomUUID())
      live.add(file)
      try {
        const draft = await writeDraft(file, stream, { ...limits, maxBytes, signal, onBytes })
        return { ...draft, name, keep: () => keep(file, draft.sha256), drop: () => drop(file) }
      } catch (thrown) {
        await drop(file)
        throw orDiskFull(thrown)
      }
    },
    /** Removes files of killed processes in `tmp`: those untouched for longer than `ageMs`. Returns their number. */
    async sweep(ageMs: number): Promise<number> {
      const before = Date.now() - ageMs
      let removed = 0
      for (const name of await readdir(spool.tmp)) {
        const file = join(spool.tmp, name)
        if (live.has(file) || name.endsWith(removedInput)) continue // That is the aggregator's.
        if (!(await isOlder(file, before))) continue
        await rm(file, { force: true })
        removed += 1
      }
      return removed
    },
  }
}

export type SpoolStore = ReturnType<typeof createSpoolStore>

async function isOlder(file: string, before: number): Promise<boolean> {
  try {
    return (await stat(file)).mtimeMs < before
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return false // Kept or dropped meanwhile, by another process.
    throw thrown
  }
}
