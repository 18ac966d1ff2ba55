import assert from 'node:assert/strict'
import type { Block } from '../../../../shared/contract/result/layout.ts'
import { defaultRecipe, type Preset, type Recipe } from '../../../../shared/contract/recipe.ts'
import type { PreparedPage, Recognition } from '../../../../workers/ocr/engine/engine.ts'
import type { ExifOrientation } from '../../../../workers/ocr/open/opened.ts'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { preparePage } from '../../../../workers/ocr/prepare/prepare.ts'
import { readPage } from '../../../../workers/ocr/read/page-reader.ts'
import { planOf } from '../../../../workers/ocr/read/plan.ts'
import { blockOf, lineOver } from '../judge/readings.ts'
import { writtenPage } from '../prepare/drawn.ts'

export const recipeOf = (preset: Preset): Recipe => ({ ...defaultRecipe, preset })

/** A page of these pixels on the desk; `orientation` is that of its file. */
export function deskOf(grey: Grey, orientation: ExifOrientation = 1, recipe = defaultRecipe) {
  const { width, height } = grey
  const pixels = { data: Buffer.from(grey.data), raw: { width, height, channels: 1 } } as const
  const opened = { kind: 'pixels', pixels, width, height, dpi: null, orientation } as const
  return preparePage(opened, 100, planOf(recipe).readings[0])
}

export type Answer = (page: PreparedPage) => Recognition | Promise<Recognition>

/** Reads a page with an engine that returns these answers in order, and the last one from then on. */
export async function readWith(
  grey: Grey,
  answers: readonly Answer[],
  {
    recipe = defaultRecipe,
    orientation = 1,
  }: { recipe?: Recipe; orientation?: ExifOrientation } = {},
) {
  const calls: PreparedPage[] = []
  const desk = await deskOf(grey, orientation, recipe)
  const read = async (page: PreparedPage) => {
    const answer = answers[Math.min(calls.push(page), answers.length) - 1]
    return answer === undefined ? assert.fail('the engine was called') : answer(page)
  }
  return { calls, read: readPage(desk, 'a.png#1', recipe, read) }
}

export const recognition = (...blocks: Block[]): Recognition => ({
  text: blocks.map(({ text }) => text).join('\n\n'),
  confidence: 50,
  blocks,
})
/** An engine that answers with lines which together cover the page, so that none of its ink is left. */
export const covering =
  (...lines: readonly (readonly [text: string, confidence: number])[]): Answer =>
  ({ width, height }) => {
    const edgeOf = (at: number): number => Math.round((at * height) / lines.length)
    const made = lines.map(([text, confidence], at) =>
      lineOver(text, confidence, width, [edgeOf(at), edgeOf(at + 1) - 1]),
    )
    return recognition(blockOf(...made))
  }
/** An engine that answers with one line over the page. */
export const says = (text: string, confidence = 95): Answer => covering([text, confidence])

/** An upright page of lines. */
export const written = writtenPage(900, 1200, 24)
