import { hash } from 'node:crypto'

/** Numbers that a seed decides: the same seed draws the same ones. */
export interface Random {
  /** In [0, 1). */
  next: () => number
  /** A whole number, both ends included. */
  integer: (min: number, max: number) => number
  chance: (probability: number) => boolean
  /** One of a list that is not empty. */
  pick: <T>(list: readonly T[]) => T
  shuffle: <T>(list: readonly T[]) => T[]
  /** A source of its own, so that one that is drawn from more often does not shift the others. */
  fork: (name: string) => Random
}

/** Mulberry32 (Tommy Ettinger, public domain), seeded with the SHA-256 of `seed`. */
export function createRandom(seed: string): Random {
  let state = Number.parseInt(hash('sha256', seed).slice(0, 8), 16)
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (probability) => next() < probability,
    pick(list) {
      const index = Math.floor(next() * list.length)
      const [picked] = list.slice(index, index + 1)
      if (picked === undefined) throw new Error('there is nothing to pick from')
      return picked
    },
    shuffle(list) {
      const keyed = list.map((value) => ({ value, key: next() }))
      return keyed.toSorted((a, b) => a.key - b.key).map(({ value }) => value)
    },
    fork: (name) => createRandom(`${seed}/${name}`),
  }
}
