import type { ModelOutput } from './model/onnx.ts'

/** A character of a line. */
export interface Sign {
  text: string
  /** Probability, 0 to 1. */
  chance: number
  /** Middle of its time steps, a share of the input's width, 0 to 1. */
  at: number
  /** Probability of a space before it, the highest of the steps since the character before, 0 to 1. */
  space: number
}

/** Class of the pause between characters. */
const blank = 0

/** Spaces are the last class. */
const isSpace = (alphabet: readonly string[], at: number): boolean => at === alphabet.length

/**
 * Decodes the probabilities of one line along its best path: the most probable class of each step, repeats joined,
 * pauses dropped (Graves, Fernández, Gomez, Schmidhuber: Connectionist temporal classification, ICML 2006). `output`
 * has the shape [1, steps, classes]; `alphabet[class - 1]` is the character of a class, the space the last one. Spaces
 * are no characters: the character after them has their probability.
 */
export function decodeLine({ data, dims }: ModelOutput, alphabet: readonly string[]): Sign[] {
  const [, steps = 0, classes = 0] = dims
  const signs: Sign[] = []
  let last = blank
  let began = 0
  let space = 0
  for (let step = 0; step < steps; step += 1) {
    const { best, chance } = bestOf(data, step * classes, classes)
    space = Math.max(space, data[step * classes + alphabet.length] ?? 0)
    if (best !== blank && !isSpace(alphabet, best)) {
      const previous = signs.at(-1)
      const isSame = best === last && previous !== undefined
      if (!isSame) began = step
      const at = ((began + step) / 2 + 0.5) / steps
      if (isSame) Object.assign(previous, { chance: Math.max(previous.chance, chance), at })
      else {
        signs.push({ text: alphabet[best - 1] ?? '', chance, at, space })
        space = 0
      }
    }
    last = best
  }
  return signs
}

function bestOf(data: Float32Array, from: number, classes: number) {
  let best = blank
  let chance = 0
  for (let each = 0; each < classes; each += 1) {
    const value = data[from + each] ?? 0
    if (value > chance) [best, chance] = [each, value]
  }
  return { best, chance }
}
