/** A run of words before and after a correction, as indexes from and to (exclusive). */
export interface WordRun {
  before: [from: number, to: number]
  after: [from: number, to: number]
  /** Whether both hold the same words. */
  isEqual: boolean
}

/** Larger tables take too long; such lines are no lines of text. */
const maxCells = 4_000_000

/** Aligns the words of a line with those of its correction, so that as many as possible are the same. */
export function matchWords(before: readonly string[], after: readonly string[]): WordRun[] {
  const pairs = commonPairs(before, after)
  const runs: WordRun[] = []
  let [i, j] = [0, 0]
  const add = (run: WordRun): void => {
    const last = runs.at(-1)
    if (last?.isEqual === true && run.isEqual) {
      last.before[1] = run.before[1]
      last.after[1] = run.after[1]
    } else runs.push(run)
  }
  for (const [at, to] of [...pairs, [before.length, after.length] as const]) {
    if (at > i || to > j) add({ before: [i, at], after: [j, to], isEqual: false })
    if (at < before.length && to < after.length)
      add({ before: [at, at + 1], after: [to, to + 1], isEqual: true })
    ;[i, j] = [at + 1, to + 1]
  }
  return runs
}

/** The longest common subsequence, as pairs of indexes. */
function commonPairs(
  before: readonly string[],
  after: readonly string[],
): (readonly [number, number])[] {
  const across = after.length + 1
  if ((before.length + 1) * across > maxCells) return []
  const lengths = new Uint32Array((before.length + 1) * across)
  const at = (i: number, j: number): number => lengths[i * across + j] ?? 0
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const same = before[i] === after[j]
      lengths[i * across + j] = same ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const pairs: (readonly [number, number])[] = []
  for (let [i, j] = [0, 0]; i < before.length && j < after.length;) {
    if (before[i] === after[j]) {
      pairs.push([i, j])
      i += 1
      j += 1
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1
    else j += 1
  }
  return pairs
}

/**
 * Aligns letters by the fewest changes (Levenshtein): for each letter after the correction the index of the letter before
 * in whose place it stands; undefined for one that was added.
 */
export function matchLetters(
  before: readonly string[],
  after: readonly string[],
): (number | undefined)[] {
  const across = after.length + 1
  const places = after.map((): number | undefined => undefined)
  if ((before.length + 1) * across > maxCells) return places
  const costs = new Uint32Array((before.length + 1) * across)
  const at = (i: number, j: number): number => costs[i * across + j] ?? 0
  for (let i = before.length; i >= 0; i -= 1) {
    for (let j = after.length; j >= 0; j -= 1) {
      if (i === before.length) costs[i * across + j] = after.length - j
      else if (j === after.length) costs[i * across + j] = before.length - i
      else {
        const change = at(i + 1, j + 1) + (before[i] === after[j] ? 0 : 1)
        costs[i * across + j] = Math.min(change, at(i + 1, j) + 1, at(i, j + 1) + 1)
      }
    }
  }
  for (let [i, j] = [0, 0]; i < before.length && j < after.length;) {
    const change = at(i + 1, j + 1) + (before[i] === after[j] ? 0 : 1)
    if (at(i, j) === change) {
      places[j] = i
      i += 1
      j += 1
    } else if (at(i, j) === at(i + 1, j) + 1) i += 1
    else j += 1
  }
  return places
}

/** A text's letters, as Unicode code points. */
export const codePointsOf = (text: string): string[] => Array.from(text)
