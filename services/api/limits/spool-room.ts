import { freeBytes } from './disk-space.ts'
import type { Held, ServiceLimits } from './limits.ts'

interface Deps {
  folder: string
  /** Space that always stays free, bytes. */
  minFreeBytes: number
  limits: ServiceLimits
}

/**
 * Reserves bytes of the spool's disk before an upload begins: together with all announced and unsent bytes of others
 * they must leave the disk its free space. Written bytes are released, because the disk has less free space then.
 */
export function createSpoolRoom({ folder, minFreeBytes, limits }: Deps) {
  const look = async (): Promise<void> =>
    limits.move('spool_bytes', Math.max(0, (await freeBytes(folder)) - minFreeBytes))
  return {
    look,
    /** Throws `disk_full`, or `too_many_open` if the holder has half of the space. */
    async reserve(holder: string, bytes: number): Promise<Held> {
      await look()
      return limits.take('spool_bytes', holder, bytes)
    },
  }
}

export type SpoolRoom = ReturnType<typeof createSpoolRoom>
