import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Job } from '../contract/messages/job.ts'
import { openBlobKey } from './blob-key.ts'

/** The planned file that a token stands for. */
export type BlobPlace = Pick<Job, 'root' | 'path' | 'follow'> & { stat?: string | undefined }

/** Lifetime of a token, seconds. A job that waits longer is planned again, with a new one. */
const lifetimeSeconds = 86_400

/**
 * Tokens with which a worker gets the bytes of its job's file from the API. Each is for one planned file until its
 * deadline: `<seconds since 1970>.<HMAC-SHA-256>`. Aggregator and API sign and check them on one machine, so the clocks
 * of workers do not matter.
 */
export function createBlobTokens(dataFolder: string, nowMs: () => number = Date.now) {
  let key: Buffer | undefined
  const macOf = ({ root, path, follow, stat }: BlobPlace, deadline: number): Buffer => {
    key ??= openBlobKey(dataFolder)
    const place = JSON.stringify([root, path, follow, stat ?? null, deadline])
    return createHmac('sha256', key).update(place).digest()
  }
  return {
    sign: (place: BlobPlace): string => {
      const deadline = Math.floor(nowMs() / 1_000) + lifetimeSeconds
      return `${deadline}.${macOf(place, deadline).toString('base64url')}`
    },
    check: (place: BlobPlace, token: string): 'good' | 'expired' | 'forged' => {
      const [, deadline = '', mac = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(token) ?? []
      const own = macOf(place, Number(deadline))
      const given = Buffer.from(mac, 'base64url')
      if (given.length !== own.length || !timingSafeEqual(given, own)) return 'forged'
      return Number(deadline) * 1_000 > nowMs() ? 'good' : 'expired'
    },
  }
}

export type BlobTokens = ReturnType<typeof createBlobTokens>
