import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../processes/processes.ts'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import type { PreparedPage } from '../../../workers/ocr/engine/engine.ts'
import { planOf, engineWishesOf } from '../../../workers/ocr/read/plan.ts'
import { describePixels } from '../../../workers/ocr/open/image.ts'
import type { OpenedPage, PagePixels } from '../../../workers/ocr/open/opened.ts'
import { preparePage } from '../../../workers/ocr/prepare/prepare.ts'
import { toPrepared } from '../../../workers/ocr/engine/to-prepared.ts'

const [attempt] = planOf(defaultRecipe).readings

/** A page that is no text layer. */
export async function openPixels(pixels: PagePixels) {
  const page: OpenedPage = await describePixels(pixels, 100)
  if (page.kind !== 'pixels') throw new Error('a page of its own text')
  return page
}

/** An image as the engine gets it at the first attempt. */
export async function prepareImage(bytes: Buffer, label: string): Promise<PreparedPage> {
  const { first } = await preparePage(await openPixels({ data: bytes }), 100, attempt)
  return toPrepared(first.image, label, engineWishesOf(attempt, defaultRecipe))
}

const sampleBytes = (sample: string): Buffer => readFileSync(join(repository, 'samples', sample))

/** A page of samples/. */
export const openSample = (sample: string) => openPixels({ data: sampleBytes(sample) })

export const prepareSample = (sample: string): Promise<PreparedPage> =>
  prepareImage(sampleBytes(sample), sample)
