import type { BigIntStats } from 'node:fs'

/** What tells that a file is the one that was read: size and the nanoseconds of its last change and status change. */
export function statKey({ size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ctimeNs}`
}

/** The size in bytes that a key holds. */
export function sizeOf(key: string): number {
  return Number(key.slice(0, key.indexOf('-')))
}
