import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import type { EngineFactory, PreparedPage } from '../../../../workers/ocr/engine/engine.ts'
import { createEngineSlot } from '../../../../workers/ocr/engine/engine-slot.ts'
import { silent } from '../../../helpers/processes/private-redis.ts'
import { waitFor } from '../../../helpers/wait.ts'

const wishes = { psm: 3, dpi: 0, thresholding: 'otsu', findsTables: true, variables: {} } as const
const page: PreparedPage = { pgm: Buffer.alloc(0), width: 1, height: 1, label: 'a.png#1', wishes }

/** A slot over engines that are numbered; `isBroken` makes the next reading fail, and it waits for `until`. */
function setUp(given: { engines?: number; pages?: number } = {}) {
  const state = {
    loaded: 0,
    readings: 0,
    closed: [] as number[],
    isBroken: false,
    until: undefined as Promise<never> | undefined,
    rss: 0,
    /** Added to `rss` for each engine while it is loaded. */
    rssPerEngine: 0,
    canLoad: true,
  }
  const createEngine: EngineFactory = async () => {
    if (!state.canLoad) throw new ScriptoriumError('engine_boot_failed', 'it does not start')
    state.loaded += 1
    const number = state.loaded
    return {
      async recognise() {
        state.readings += 1
        await state.until
        if (state.isBroken) throw new ScriptoriumError('engine_failed', 'it broke')
        return { text: `read by ${number}`, confidence: 90, blocks: [] }
      },
      async close() {
        state.closed.push(number)
      },
    }
  }
  const slot = createEngineSlot({
    createEngine,
    tessdataPrefix: undefined,
    limits: { engines: 2, pages: 100, rssBytes: 1_000, ...given },
    rssBytes: () => state.rss + (state.loaded - state.closed.length) * state.rssPerEngine,
    log: silent,
  })
  const read = async (
    recipe = defaultRecipe,
    cancelling = new AbortController().signal,
  ): Promise<string> => (await slot.read(page, recipe, { deadlineMs: 1_000, cancelling })).text
  return { slot, state, read }
}

test('one engine reads page after page', async () => {
  const { slot, state, read } = setUp()
  await slot.warm(defaultRecipe)
  assert.equal(state.loaded, 1)
  assert.deepEqual([await read(), await read(), await read()], Array(3).fill('read by 1'))
  await slot.close()
  assert.deepEqual(state.closed, [1])
})

test('after a failure the error is rethrown and a new engine reads the next page', async () => {
  const { slot, state, read } = setUp()
  await read()
  state.isBroken = true
  await assert.rejects(read(), { code: 'engine_failed' })
  assert.deepEqual(state.closed, [1])
  state.isBroken = false
  assert.equal(await read(), 'read by 2')
  await slot.close()
})

test('an engine is replaced after a fixed number of pages', async () => {
  const { slot, state, read } = setUp({ pages: 2 })
  const texts = [await read(), await read(), await read(), await read(), await read()]
  assert.deepEqual(
    texts,
    [1, 1, 2, 2, 3].map((number) => `read by ${number}`),
  )
  await slot.close()
  assert.deepEqual(state.closed, [1, 2, 3])
})

test('an engine is replaced when the process uses too much memory', async () => {
  const { slot, state, read } = setUp()
  state.rss = 1_001
  assert.equal(await read(), 'read by 1')
  assert.deepEqual(state.closed, [1])
  state.rss = 0
  await read()
  assert.equal(await read(), 'read by 2')
  await slot.close()
})

test('recipes with the same models share an engine, whatever their other options', async () => {
  const { slot, state, read } = setUp()
  const variables = { tessedit_do_invert: '0', lstm_choice_mode: '1' }
  await read({ ...defaultRecipe, variables })
  for (const other of [{ psm: 6 }, { dpi: 300 }, { preset: 'best' as const }, { pages: '1-3' }]) {
    assert.equal(await read({ ...defaultRecipe, ...other }), 'read by 1')
  }
  assert.equal(await read({ ...defaultRecipe, languages: ['eng', 'eng'] }), 'read by 1')
  assert.deepEqual(state.closed, [])
  await slot.close()
})

const inGerman = { ...defaultRecipe, languages: ['deu'] }
const inFrench = { ...defaultRecipe, languages: ['fra'] }

test('other languages, another order or another mode need another engine, and the first stays warm', async () => {
  const { slot, state, read } = setUp({ engines: 5 })
  const both = { ...defaultRecipe, languages: ['eng', 'deu'] }
  const turned = { ...defaultRecipe, languages: ['deu', 'eng'] }
  const texts = [await read(), await read(inGerman), await read(both), await read(turned)]
  texts.push(await read({ ...defaultRecipe, oem: 0 }), await read())
  assert.deepEqual(
    texts,
    [1, 2, 3, 4, 5, 1].map((number) => `read by ${number}`),
  )
  assert.deepEqual(state.closed, [])
  await slot.close()
  assert.deepEqual(state.closed.toSorted(), [1, 2, 3, 4, 5])
})

test('the least recently used engine is evicted', async () => {
  const { slot, state, read } = setUp({ engines: 2 })
  await slot.warm(defaultRecipe)
  await read(inGerman)
  await read()
  assert.equal(await read(inFrench), 'read by 3')
  assert.deepEqual(state.closed, [2])
  assert.equal(await read(), 'read by 1')
  await slot.close()
})

test('a limit of one keeps one engine at a time', async () => {
  const { slot, state, read } = setUp({ engines: 1 })
  await read()
  await read(inGerman)
  assert.deepEqual(state.closed, [1])
  await slot.close()
})

test('memory pressure evicts idle engines first, and no more than necessary', async () => {
  const { slot, state, read } = setUp({ engines: 3 })
  for (const recipe of [defaultRecipe, inGerman, inFrench]) await read(recipe)
  state.rssPerEngine = 400
  assert.equal(await read(inGerman), 'read by 2')
  assert.deepEqual(state.closed, [1])
  state.rssPerEngine = 600
  assert.equal(await read(inGerman), 'read by 2')
  assert.deepEqual(state.closed, [1, 3])
  await slot.close()
})

test('a failure replaces only the engine that failed', async () => {
  const { slot, state, read } = setUp()
  await read()
  await read(inGerman)
  state.isBroken = true
  await assert.rejects(read(inGerman), { code: 'engine_failed' })
  state.isBroken = false
  assert.equal(await read(), 'read by 1')
  assert.deepEqual(state.closed, [2])
  await slot.close()
})

test('warm engines are listed with their page counts, the last used one first', async () => {
  const { slot, read } = setUp()
  await slot.warm(defaultRecipe)
  assert.deepEqual(slot.warmEngines(), [{ languages: ['eng'], oem: 1, pages: 0 }])
  await read(inGerman)
  await read(inGerman)
  assert.deepEqual(slot.warmEngines(), [
    { languages: ['deu'], oem: 1, pages: 2 },
    { languages: ['eng'], oem: 1, pages: 0 },
  ])
  await slot.close()
  assert.deepEqual(slot.warmEngines(), [])
})

test('an engine that does not start is retried with the next page', async () => {
  const { slot, state, read } = setUp()
  state.canLoad = false
  await assert.rejects(read(), { code: 'engine_boot_failed' })
  state.canLoad = true
  assert.equal(await read(), 'read by 1')
  await slot.close()
})

test('cancelling a page rejects at once, and a new engine reads the next page', async () => {
  const { slot, state, read } = setUp()
  await read()
  const cancelling = new AbortController()
  state.until = new Promise(() => undefined)
  const reading = read(defaultRecipe, cancelling.signal)
  await waitFor('the reading has begun', () => state.readings === 2)
  cancelling.abort()
  await assert.rejects(reading, { code: 'cancelled', retryable: false })
  assert.deepEqual(state.closed, [1])
  state.until = undefined
  assert.equal(await read(), 'read by 2')
  await slot.close()
})

test('an engine that fails after its page was cancelled affects nothing else', async () => {
  const { slot, state, read } = setUp()
  const cancelling = new AbortController()
  const failure = Promise.withResolvers<never>()
  state.until = failure.promise
  const reading = read(defaultRecipe, cancelling.signal)
  await waitFor('the reading has begun', () => state.readings === 1)
  cancelling.abort()
  await assert.rejects(reading, { code: 'cancelled' })
  state.until = undefined
  failure.reject(new Error('its thread was ended'))
  assert.equal(await read(), 'read by 2')
  await slot.close()
})

test('a page cancelled while it waits costs no engine', async () => {
  const { slot, state, read } = setUp()
  await read()
  await assert.rejects(read(defaultRecipe, AbortSignal.abort()), { code: 'cancelled' })
  assert.equal(await read(), 'read by 1')
  assert.equal(state.readings, 2)
  await slot.close()
})

test('cancelling a finished page has no effect', async () => {
  const { slot, state, read } = setUp()
  const cancelling = new AbortController()
  assert.equal(await read(defaultRecipe, cancelling.signal), 'read by 1')
  cancelling.abort()
  assert.equal(await read(), 'read by 1')
  assert.deepEqual(state.closed, [])
  await slot.close()
})
