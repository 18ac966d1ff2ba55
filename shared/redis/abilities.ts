/**
 * The wanted recipes, and the living workers that can read them. The aggregator lists the recipes of its open runs;
 * every worker reports with its heartbeat whether it can read each of them, by the same check that it applies to a job.
 * Both are stored beside the heartbeats, not in them: older versions refuse heartbeats with additional properties.
 */
import { Type, type Static } from '@sinclair/typebox'
import { documentErrorSchema, type DocumentError } from '../contract/result/error.ts'
import { ttl, type Keys } from './keys.ts'
import { createParser } from '../contract/messages/parser.ts'
import { livingWorkers } from './heartbeats.ts'
import type { Redis } from './connection/redis.ts'
import { boundedRecord, idText, messageText } from '../contract/schema/bounded.ts'

/** Maximum number of recipes in each worker report, because every upload may have a different one. */
const maxWanted = 1_000
/** Maximum number of recipes that no worker can read. */
const maxBlocked = 1_000_000

/** By fingerprint: the id of the recipe, which Redis stores beside it. */
type WantedRecipes = Record<string, string>

const parseWanted = createParser('the wanted recipes', boundedRecord(idText, 200, maxWanted))

/**
 * By fingerprint: null where the worker can read it, else its engine and language data, or the reason why it has none.
 */
const abilitiesSchema = Type.Object({
  recipes: boundedRecord(Type.Union([messageText, Type.Null()]), 200, maxWanted),
})
export type Abilities = Static<typeof abilitiesSchema>
const parseAbilities = createParser("a worker's abilities", abilitiesSchema)

/** Publishes at most `maxWanted`: whether a worker can read the others is unknown, so they wait. */
export async function publishWanted(
  redis: Redis,
  keys: Keys,
  wanted: WantedRecipes,
): Promise<void> {
  const asked = Object.fromEntries(Object.entries(wanted).slice(0, maxWanted))
  await redis.set(keys.wanted, JSON.stringify(asked), 'EX', ttl.recipes)
}

/** Another version's form is not understood: none of its recipes can be read here. */
export async function readWanted(redis: Redis, keys: Keys): Promise<WantedRecipes> {
  const text = await redis.get(keys.wanted)
  return (text === null ? undefined : attempt(() => parseWanted(JSON.parse(text)))) ?? {}
}

/** Of every living worker; undefined for one of an older version, whose jobs differ from ours. */
export async function readAbilities(
  redis: Redis,
  keys: Keys,
): Promise<Map<string, Abilities | undefined>> {
  const ids = await livingWorkers(redis, keys)
  if (ids.length === 0) return new Map()
  const texts = await redis.mget(ids.map((id) => keys.abilities(id)))
  return new Map(
    ids.map((id, index) => {
      const text = texts[index]
      const abilities = text == null ? undefined : attempt(() => parseAbilities(JSON.parse(text)))
      return [id, abilities]
    }),
  )
}

/** A message of another version counts as none. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** `unknown` where no worker that might read the recipe has checked it; `none` where no worker is alive. */
type Readers = { state: 'some' | 'unknown' | 'none' } | { state: 'unable'; why: string }

const shown = 3

/** Returns whether a living worker can read the recipe of this fingerprint. */
export function readersOf(
  fingerprint: string,
  workers: ReadonlyMap<string, Abilities | undefined>,
): Readers {
  if (workers.size === 0) return { state: 'none' }
  const reasons: string[] = []
  let isUnknown = false
  for (const [id, abilities] of workers) {
    const reason = abilities === undefined ? otherVersion : abilities.recipes[fingerprint]
    if (reason === null) return { state: 'some' }
    if (reason === undefined) isUnknown = true
    else reasons.push(`${id} has ${reason}`)
  }
  if (isUnknown) return { state: 'unknown' }
  const more = reasons.length > shown ? `; and ${reasons.length - shown} more workers` : ''
  return { state: 'unable', why: `${reasons.slice(0, shown).join('; ')}${more}` }
}

const otherVersion = 'another version of Scriptorium'

const blockedSchema = boundedRecord(documentErrorSchema, 200, maxBlocked)
const parseBlocked = createParser('the blocked recipes', blockedSchema)
/** By fingerprint: the reason why no worker can read it at present. */
export type Blocked = Record<string, DocumentError>

export async function publishBlocked(redis: Redis, keys: Keys, blocked: Blocked): Promise<void> {
  await redis.set(keys.blocked, JSON.stringify(blocked), 'EX', ttl.blocked)
}

/** The aggregator's latest findings; empty where no aggregator is alive. */
export async function readBlocked(redis: Redis, keys: Keys): Promise<Blocked> {
  const text = await redis.get(keys.blocked)
  return (text === null ? undefined : attempt(() => parseBlocked(JSON.parse(text)))) ?? {}
}
