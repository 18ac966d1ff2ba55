import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalRecipe,
  defaultRecipe,
  fingerprintOf,
  isLanguageName,
  parseVariable,
  safeVariables,
} from '../../../shared/contract/recipe.ts'
import { upgradeRecipe } from '../../../shared/contract/schema/upgrades.ts'
import { engine } from '../../helpers/ledger/records.ts'

const variables = { tessedit_char_whitelist: '01', preserve_interword_spaces: '1' }
const swapped = { preserve_interword_spaces: '1', tessedit_char_whitelist: '01' }

test('a canonical recipe keeps the order of languages, drops repeats and sorts variables', () => {
  const recipe = canonicalRecipe({ ...defaultRecipe, languages: ['deu', 'eng', 'deu'], variables })
  assert.deepEqual(recipe.languages, ['deu', 'eng'])
  assert.deepEqual(Object.keys(recipe.variables), Object.keys(swapped))
  assert.deepEqual(canonicalRecipe(recipe), recipe)
})

test('the order of variables does not change the fingerprint', () => {
  assert.equal(
    fingerprintOf({ ...defaultRecipe, variables }, engine),
    fingerprintOf({ ...defaultRecipe, variables: swapped }, engine),
  )
})

test('the order of fields does not change the fingerprint', () => {
  const turned = upgradeRecipe(defaultRecipe) as typeof defaultRecipe
  const { preset, ...rest } = defaultRecipe
  for (const recipe of [turned, { preset, ...rest }]) {
    assert.equal(fingerprintOf(recipe, engine), fingerprintOf(defaultRecipe, engine))
  }
})

test('the order and overlap of pages do not change the fingerprint', () => {
  assert.equal(
    fingerprintOf({ ...defaultRecipe, pages: '2-5,1-3' }, engine),
    fingerprintOf({ ...defaultRecipe, pages: '1-5' }, engine),
  )
})

test('every option that can change the text changes the fingerprint', () => {
  const sameModel = { language: 'eng', sha256: 'f00d' }
  const prints = [
    fingerprintOf(defaultRecipe, engine),
    fingerprintOf({ ...defaultRecipe, languages: ['eng', 'deu'] }, engine),
    fingerprintOf({ ...defaultRecipe, languages: ['deu', 'eng'] }, engine),
    fingerprintOf({ ...defaultRecipe, psm: 6 }, engine),
    fingerprintOf({ ...defaultRecipe, oem: 3 }, engine),
    fingerprintOf({ ...defaultRecipe, dpi: 300 }, engine),
    fingerprintOf({ ...defaultRecipe, variables }, engine),
    fingerprintOf(defaultRecipe, { ...engine, version: '2' }),
    fingerprintOf(defaultRecipe, { ...engine, core: 'simd' }),
    fingerprintOf(defaultRecipe, { ...engine, traineddata: [{ ...sameModel, sha256: 'beef' }] }),
  ]
  assert.equal(new Set(prints).size, prints.length)
  for (const print of prints) assert.match(print, /^[0-9a-f]{16}$/)
})

test('the value of a variable is everything after the first =', () => {
  assert.deepEqual(parseVariable('tessedit_char_whitelist=a=b\nc'), [
    'tessedit_char_whitelist',
    'a=b\nc',
  ])
  assert.deepEqual(parseVariable('tessedit_char_blacklist='), ['tessedit_char_blacklist', ''])
})

test('an unknown variable is rejected with the list of allowed ones', () => {
  for (const text of ['user_words_file=/etc/passwd', 'made_up=1', 'tessedit_do_invert', '=1']) {
    assert.throws(
      () => parseVariable(text),
      (error: Error) => {
        assert.ok('code' in error && error.code === 'unknown_variable')
        assert.ok(error.message.includes([...safeVariables].join(', ')))
        return true
      },
    )
  }
})

test('languages are codes, scripts are below script/, and path traversal is rejected', () => {
  for (const name of ['eng', 'chi_sim_vert', 'Fraktur', 'script/HanS_vert']) {
    assert.ok(isLanguageName(name), name)
  }
  for (const name of ['', 'e', '../eng', 'script/', 'script/../eng', 'other/eng', 'eng\n', 'a.b']) {
    assert.ok(!isLanguageName(name), name)
  }
})
