import { freeBytes } from './disk-space.ts'
import type { Held, ServiceLimits } from './limits.ts'

interface Deps {
  folder: string
  /** Stays free whatever comes in. */
  minFreeBytes: number
  limits: ServiceLimits
}

/**
 * Sets bytes of the spool's disk aside before an upload begins: together with all that others have announced and not
 * sent yet they must leave the disk its free space. What is written is given back, because the disk has less free then.
 */
export function createSpoolRoom({ folder, minFreeBytes, limits }: Deps) {
  const look = async (): Promise<void> =>
    limits.move('spool_bytes', Math.max(0, (await freeBytes(folder)) - minFreeBytes))
  return {
    look,
    /** Throws `disk_full`, or `too_many_open` where the holder has half of what there is. */
    async reserve(holder: string, bytes: number): Promise<Held> {
      await look()
      return limits.take('spool_bytes', holder, bytes)
    },
  }
}

export type SpoolRoom = ReturnType<typeof createSpoolRoom>
