import type { Keys } from './keys.ts'
import { createScript } from './connection/redis-script.ts'
import type { Redis } from './connection/redis.ts'

/**
 * Callers of the queue take turns. A job's priority is its band and, within the band, its turn: each caller's next job
 * is one turn after its last one, and no caller starts before the current turn. So the only page of one caller goes
 * ahead of all but the first of another's thousands (start-time fair queueing).
 */
export const bands = { interactive: 0, interactivePage: 1, page: 2, bulk: 3 } as const
export type Band = (typeof bands)[keyof typeof bands]

/**
 * Turns per band; BullMQ accepts priorities up to 2^21. Beyond the last turn a band is first in, first out until it is
 * empty.
 */
const turnsInBand = 500_000
/** Jobs per turn: without competing callers turns are rationed so that they last for millions of jobs. */
const jobsInTurn: Readonly<Record<Band, number>> = { 0: 1, 1: 1, 2: 8, 3: 32 }
/** BullMQ's score of a job: its priority times this, plus a counter. */
const scoreOfPriority = 2 ** 32
const keptSeconds = 86_400

const firstOf = (band: Band): number => 1 + band * turnsInBand
/** Scores of the jobs of a band, as ZCOUNT and ZRANGEBYSCORE take them: the second is exclusive. */
export const scoresOf = (band: Band): [from: string, before: string] => [
  String(firstOf(band) * scoreOfPriority),
  `(${(firstOf(band) + turnsInBand) * scoreOfPriority}`,
]

/** Priority of a job at a turn of its band. */
export const priorityAt = (band: Band, turn: number): number =>
  firstOf(band) + Math.min(turn, turnsInBand - 1)

const isBand = (band: number): band is Band => Object.values(bands).some((one) => one === band)

/** The band of a priority; jobs of older versions, which had no turns, belong to the first. */
export function bandOf(priority: number): Band {
  const band = Math.floor((priority - 1) / turnsInBand)
  return isBand(band) ? band : bands.interactive
}

const takeTurns = createScript(`
local head = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES', 'LIMIT', 0, 1)
local turn = 0
if head[2] then
  turn = math.floor(tonumber(head[2]) / ${scoreOfPriority}) - tonumber(ARGV[3])
  turn = math.max(turn, tonumber(redis.call('HGET', KEYS[2], ARGV[4]) or '0'))
else
  redis.call('DEL', KEYS[2])
end
redis.call('HSET', KEYS[2], ARGV[4], turn + tonumber(ARGV[5]))
redis.call('EXPIRE', KEYS[2], ${keptSeconds})
return turn`)

/** Assigns turns on the queue whose waiting jobs are in the sorted set `waiting`. */
export function createFairTurns(redis: Redis, keys: Keys, waiting: string) {
  return {
    /** Returns the priorities of a caller's next `count` jobs, in order. */
    async next(band: Band, caller: string, count: number): Promise<number[]> {
      const size = jobsInTurn[band]
      const [from, before] = scoresOf(band)
      const turns = Math.ceil(count / size)
      const args = [from, before, firstOf(band), caller, turns]
      const first = Number(await takeTurns(redis, [waiting, keys.turns(String(band))], args))
      return Array.from({ length: count }, (_, index) =>
        priorityAt(band, first + Math.floor(index / size)),
      )
    },
  }
}
