import { readFileSync } from 'node:fs'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import type { Block } from '../../../shared/contract/result/layout.ts'
import type { Engine } from '../../../workers/ocr/engine/engine.ts'
import { describePixels } from '../../../workers/ocr/open/image.ts'
import { preparePage } from '../../../workers/ocr/prepare/prepare.ts'
import { chanceOf } from '../../../workers/ocr/read/chance.ts'
import { makeReading } from '../../../workers/ocr/read/made.ts'
import { placesOf, type Placed } from '../../../workers/ocr/read/judge/places.ts'
import { planOf } from '../../../workers/ocr/read/plan.ts'
import { comparableWords } from '../accuracy/text-accuracy.ts'
import type { Sample } from './logistic.ts'

/** Words of two engines by the case that the judge meets. */
export const cases = ['first', 'second', 'firstAlone', 'secondAlone'] as const
export type Samples = Record<(typeof cases)[number], Sample[]>

export const noSamples = (): Samples => ({
  first: [],
  second: [],
  firstAlone: [],
  secondAlone: [],
})

const deadlineMs = 300_000
const maxMegapixels = 100

/** Reads a page with both engines, as the first attempt prepares it, and compares their words with its text. */
export async function samplePage(
  file: string,
  truth: string,
  engines: { first: Engine; second: Engine },
): Promise<Samples> {
  const [planned] = planOf(defaultRecipe).readings
  const opened = await describePixels({ data: readFileSync(file) }, maxMegapixels)
  if (opened.kind !== 'pixels') return noSamples()
  const page = await preparePage(opened, maxMegapixels, planned)
  const readWith = async (engine: Engine): Promise<Block[]> => {
    const reader = {
      label: file,
      recipe: defaultRecipe,
      read: (image: Parameters<Engine['recognise']>[0]) => engine.recognise(image, deadlineMs),
      onGivenUp: () => undefined,
    }
    return (await makeReading(reader, page.turn, planned, page.first)).blocks
  }
  return compare(await readWith(engines.first), await readWith(engines.second), wordsIn(truth))
}

function compare(
  first: readonly Block[],
  second: readonly Block[],
  truth: ReadonlySet<string>,
): Samples {
  const samples = noSamples()
  const isRight = (text: string): boolean => [...wordsIn(text)].every((word) => truth.has(word))
  const add = (into: Sample[], placed: readonly Placed[], isFirst: boolean): void => {
    for (const { word } of placed) {
      const chance = chanceOf(word)
      if (chance === undefined) continue // Mere punctuation.
      const own = isFirst ? chance : word.confidence / 100
      into.push({ chance: own, isRight: isRight(word.text) })
    }
  }
  for (const place of placesOf(first, second)) {
    const isAlone = place.first.length === 0 || place.second.length === 0
    if (!isAlone && lettersOf(place.first) === lettersOf(place.second)) continue
    add(isAlone ? samples.firstAlone : samples.first, place.first, true)
    add(isAlone ? samples.secondAlone : samples.second, place.second, false)
  }
  return samples
}

const lettersOf = (placed: readonly Placed[]): string =>
  [...wordsIn(placed.map(({ word }) => word.text).join(''))].join('')

const wordsIn = (text: string): Set<string> => new Set(comparableWords(text))
