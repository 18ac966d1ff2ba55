import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'

/** A folder on a disk of its own that can be filled; without root there is none, and nothing is mounted. */
interface Disk {
  canFill: boolean
  /** Leaves it no free byte, until `free`. */
  fill: () => void
  free: () => void
  close: () => void
}

const bytes = 4 * 2 ** 30

const nothing = (): void => undefined

/** Mounts a small file system in memory on `folder`, where this user may. */
export function openDisk(folder: string, isRoot: boolean): Disk {
  mkdirSync(folder, { recursive: true })
  if (!isRoot || !mount(['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])) {
    return { canFill: false, fill: nothing, free: nothing, close: nothing }
  }
  const resize = (size: number): void => {
    mount(['-o', `remount,size=${size}`, folder])
  }
  return {
    canFill: true,
    fill() {
      const { blocks, bfree, bsize } = statfsSync(folder)
      // Usage may grow between statfs and the resize; a limit below the usage is rejected.
      resize(Math.max(blocks - bfree, 1) * bsize)
    },
    free: () => resize(bytes),
    close() {
      execFileSync('umount', ['--lazy', folder])
    },
  }
}

function mount(arguments_: readonly string[]): boolean {
  try {
    execFileSync('mount', arguments_, { stdio: 'ignore' })
    return true
  } catch {
    return false // A container may lack the permission; the faults that need it are skipped and named.
  }
}
