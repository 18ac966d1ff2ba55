import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { ScriptoriumError } from '../process/errors.ts'
import { ttl, type Keys } from './keys.ts'
import type { Redis } from './connection/redis.ts'

const cipher = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16
/** A shorter password is no real secret: the one in the compose file is public. */
const minLength = 16
/** Prefix of encrypted values; versions before 1.1 stored passwords as plain text. */
const sealed = 'sealed:'

/** Source of the key: all processes have it, and no file. Undefined where nothing is secret. */
interface SecretSettings {
  SCRIPTORIUM_SECRET?: string
  REDIS_URL?: string
}

/** Why a password is rejected. */
export const noSecret =
  'a PDF password would be written to Redis’s file as it is; set SCRIPTORIUM_SECRET, the same for all processes (or give Redis a password of 16 characters or more)'

/**
 * Passwords of a run's PDFs on their way to workers. Redis writes all values to its file and keeps them there after the
 * key has been deleted, so it gets them encrypted (AES-256-GCM), with a key that is only in the memory of our
 * processes.
 */
export function createPdfPasswords(
  redis: Pick<Redis, 'get' | 'set'>,
  keys: Keys,
  settings: SecretSettings,
) {
  const secret = secretOf(settings)
  const key = secret === undefined ? undefined : keyOf(secret)
  return {
    /** Stores the password of a run. Throws `invalid_request` where it could not be encrypted. */
    async keep(runId: string, password: string): Promise<void> {
      if (key === undefined) throw new ScriptoriumError('invalid_request', noSecret)
      await redis.set(keys.secret(runId), seal(key, password), 'EX', ttl.secret)
    },
    /** Returns the password of a run; undefined where there was none, it has expired, or another key encrypted it. */
    async of(runId: string): Promise<string | undefined> {
      const kept = await redis.get(keys.secret(runId))
      if (kept === null || !kept.startsWith(sealed)) return kept ?? undefined
      return key === undefined ? undefined : unseal(key, kept.slice(sealed.length))
    },
  }
}

export type PdfPasswords = ReturnType<typeof createPdfPasswords>

/** Redis's own password suffices: its owner can read the keys anyway. */
export function secretOf({ SCRIPTORIUM_SECRET, REDIS_URL = '' }: SecretSettings) {
  if (SCRIPTORIUM_SECRET) return SCRIPTORIUM_SECRET
  const password = URL.parse(REDIS_URL)?.password ?? ''
  return password.length < minLength ? undefined : password
}

const keyOf = (secret: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', 'scriptorium: passwords of PDFs', 32))

function seal(key: Buffer, text: string): string {
  const iv = randomBytes(ivBytes)
  const encrypting = createCipheriv(cipher, key, iv)
  const bytes = [encrypting.update(text, 'utf8'), encrypting.final()]
  return sealed + Buffer.concat([iv, encrypting.getAuthTag(), ...bytes]).toString('base64')
}

function unseal(key: Buffer, base64: string): string | undefined {
  const bytes = Buffer.from(base64, 'base64')
  const decrypting = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes))
  try {
    decrypting.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
    const text = decrypting.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8')
    return text + decrypting.final('utf8')
  } catch {
    return undefined // Another key: the document ends `password_required`, and can be retried.
  }
}
