import type { BigIntStats } from 'node:fs'

/** Identifies the file that was read: size and the nanoseconds of its last modification and status change. */
export function statKey({ size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ctimeNs}`
}

/** Returns the size in bytes from a key. */
export function sizeOf(key: string): number {
  return Number(key.slice(0, key.indexOf('-')))
}
