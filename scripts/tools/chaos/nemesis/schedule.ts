import type { Random } from '../../common/random.ts'
import type { ChaosFault } from './fault.ts'

/** A fault with its moment, all of it decided by the seed. */
export interface PlannedFault {
  fault: ChaosFault
  /** After the round's begin, milliseconds. */
  atMs: number
  lastsMs: number
  dice: number
}

export const faultsInRound = 20
/** Minimum distance of two faults of one resource. */
const restMs = 1_500

/**
 * Draws the faults of a round, counted from 1, `gapMs` apart on average. Over the rounds each kind occurs equally often:
 * the faults are dealt from a deck, which is shuffled again when it is empty.
 */
export function drawSchedule(
  random: Random,
  faults: readonly ChaosFault[],
  round: number,
  gapMs: number,
): PlannedFault[] {
  const draw = random.fork(`moments/${round}`)
  const freeAt = new Map<string, number>()
  let clock = 0
  return deal(random, faults, round).map((fault) => {
    clock += draw.integer(Math.round(gapMs / 2), Math.round(gapMs * 1.5))
    const lastsMs = draw.integer(...fault.lastsMs)
    const atMs = Math.max(clock, freeAt.get(fault.holds) ?? 0)
    freeAt.set(fault.holds, atMs + lastsMs + restMs)
    return { fault, atMs, lastsMs, dice: draw.next() }
  })
}

function deal(random: Random, faults: readonly ChaosFault[], round: number): ChaosFault[] {
  if (faults.length === 0) return []
  const first = (round - 1) * faultsInRound
  return Array.from({ length: faultsInRound }, (_, index) => {
    const deck = Math.floor((first + index) / faults.length)
    const place = (first + index) % faults.length
    return random.fork(`deck/${deck}`).shuffle(faults)[place]
  }).flatMap((fault) => fault ?? [])
}
