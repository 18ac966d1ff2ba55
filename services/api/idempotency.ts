import { hash } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { ScriptoriumError } from '../../shared/errors.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import { createParser } from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Accepted, Submission } from './accept.ts'

const recordSchema = Type.Object({
  bodyHash: Type.String(),
  runId: Type.String(),
  documents: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      isKnown: Type.Boolean(),
      pass: Type.Integer(),
    }),
  ),
})
const parseRecord = createParser('an idempotency record', recordSchema)

/**
 * Answers a repeated Idempotency-Key with what it stood for the first time, for a day. Two at the same moment may
 * both be taken in: the same bytes are the same document all the same. Throws `idempotency_conflict` where the key
 * came with another body before.
 */
export async function settleIdempotency(
  { redis, keys }: { redis: Redis; keys: Keys },
  { key, ...submission }: Submission & { key: string | undefined },
  accept: () => Promise<Accepted>,
): Promise<Accepted> {
  if (key === undefined) return accept()
  const redisKey = keys.idempotency(submission.caller, hash('sha256', key))
  const bodyHash = hashOf(submission)
  const before = await redis.get(redisKey)
  if (before !== null) {
    const record = parseRecord(JSON.parse(before))
    if (record.bodyHash === bodyHash) return record
    const message = 'this Idempotency-Key stood for other files or options; use a new one'
    throw new ScriptoriumError('idempotency_conflict', message)
  }
  const accepted = await accept()
  await redis.set(redisKey, JSON.stringify({ bodyHash, ...accepted }), 'EX', ttl.idempotency)
  return accepted
}

/** Without the password: what is kept must not help to guess it. */
const hashOf = ({ received, options }: Submission): string => {
  const kept = { ...options, pdfPassword: undefined }
  return hash('sha256', JSON.stringify([received.map(({ sha256 }) => sha256), kept]))
}
