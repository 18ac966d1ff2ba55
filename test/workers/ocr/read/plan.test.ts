import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRecipe, presets } from '../../../../shared/contract/recipe.ts'
import { toVariables } from '../../../../workers/ocr/engine/variables.ts'
import { engineWishesOf, planOf } from '../../../../workers/ocr/read/plan.ts'

const [fast, balanced, best] = presets.map((preset) => planOf({ preset, languages: ['eng'] }))

test('a better preset makes more readings and has a higher threshold', () => {
  const counts = [fast, balanced, best].map((plan) => plan?.readings.length ?? 0)
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  )
  const marks = [fast, balanced, best].map((plan) => plan?.enough ?? 0)
  assert.deepEqual(
    marks,
    marks.toSorted((a, b) => a - b),
  )
  assert.ok(marks.every((mark) => mark <= 1))
})

test('readings of a preset have unique names and sensible sizes', () => {
  for (const preset of presets) {
    const { readings } = planOf({ preset, languages: ['eng'] })
    assert.equal(new Set(readings.map(({ name }) => name)).size, readings.length)
    for (const { many, gain, ...usual } of readings) {
      for (const { textHeight, narrowing } of [usual, many ?? usual]) {
        assert.ok(textHeight >= 10 && textHeight <= 60)
        assert.ok(narrowing > 0.5 && narrowing <= 1)
      }
      assert.ok(gain >= 1)
    }
  }
})

test('languages other than English are read larger, with every preset', () => {
  for (const preset of presets) {
    const sizes = (languages: string[]) => {
      const { many, textHeight } = planOf({ preset, languages }).readings[0]
      return [textHeight, many?.textHeight ?? textHeight]
    }
    const [usual = 0, many = 0] = sizes(['eng'])
    assert.ok(many < usual, 'where there is much of it, English is read smaller')
    for (const languages of [['spa'], ['eng', 'deu'], ['script/Fraktur']]) {
      const [ofOthers = 0, manyOfOthers = 0] = sizes(languages)
      assert.ok(ofOthers >= usual && manyOfOthers > many, preset)
    }
  }
})

const { readings } = planOf({ preset: 'balanced', languages: ['eng'] })
const [whole] = readings
const local = readings.find(({ thresholding }) => thresholding === 'sauvola') ?? whole

const variablesOf = (...args: Parameters<typeof engineWishesOf>) =>
  toVariables(engineWishesOf(...args))

test('a planned reading gives the engine its resolution and thresholding', () => {
  const otsu = engineWishesOf(whole, defaultRecipe)
  assert.deepEqual([otsu.psm, otsu.dpi], [defaultRecipe.psm, whole.dpi])
  assert.equal(variablesOf(whole, defaultRecipe)['thresholding_method'], '0')
  assert.equal(variablesOf(local, defaultRecipe)['thresholding_method'], '2')
})

test('only the fastest preset skips table detection', () => {
  const found = presets.map((preset) => {
    const [first] = planOf({ preset, languages: ['eng'] }).readings
    return variablesOf(first, defaultRecipe)['textord_tabfind_find_tables']
  })
  assert.deepEqual(found, ['0', undefined, undefined])
})

test('user settings override those of the planned reading', () => {
  const variables = { thresholding_method: '1', preserve_interword_spaces: '1' }
  const recipe = { ...defaultRecipe, psm: 6, dpi: 150, variables }
  const { psm, dpi } = engineWishesOf(whole, recipe)
  assert.deepEqual([psm, dpi], [6, 150])
  assert.deepEqual(variablesOf(whole, recipe), variables)
})
