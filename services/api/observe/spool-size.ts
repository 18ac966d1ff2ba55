import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCode } from '../../../shared/process/errors.ts'

const minAgeMs = 60_000
/** A spool of a million files takes a while to measure: at most this share of the time is spent on it. */
const maxShare = 0.05
/** A scrape waits this long for a measurement, milliseconds; a later one shows it. */
const patienceMs = 500

/** Measures the bytes of the files in a folder, in the background, when someone asks and the last figure is old. */
export function createSpoolSize(folder: string) {
  let bytes: number | undefined
  let measuring: Promise<void> | undefined
  let nextAt = Number.NEGATIVE_INFINITY

  const measure = async (): Promise<void> => {
    const began = performance.now()
    // A folder that cannot be read has no size; readiness and uploads report why.
    bytes = await sizeOf(folder).catch(() => undefined)
    const tookMs = performance.now() - began
    nextAt = performance.now() + Math.max(minAgeMs, tookMs / maxShare)
  }
  return {
    /** Undefined until the first measurement has ended. */
    async bytes(): Promise<number | undefined> {
      if (performance.now() >= nextAt) {
        measuring ??= measure().finally(() => (measuring = undefined))
        await Promise.race([measuring, delay(patienceMs, undefined, { ref: false })])
      }
      return bytes
    },
  }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for await (const entry of await opendir(folder)) {
    bytes += await stat(join(folder, entry.name)).then(
      ({ size }) => size,
      (thrown: unknown) => {
        if (systemCode(thrown) === 'ENOENT') return 0 // It was deleted meanwhile.
        throw thrown
      },
    )
  }
  return bytes
}
