import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import {
  aggregatorSchema,
  apiSchema,
  defaultWorkerCount,
  fleetSchema,
  splitList,
  readConfig,
  requireRedisUrl,
  durationMs,
  workerSchema,
} from '../../../shared/process/config.ts'

test('an empty environment gives every default', () => {
  const config = readConfig(workerSchema, {})
  assert.equal(config.SCRIPTORIUM_PREFIX, 'scriptorium')
  assert.equal(config.SCRIPTORIUM_LOG_LEVEL, 'info')
  assert.equal(config.SCRIPTORIUM_ENGINE, 'tesseract.js')
  assert.equal(config.SCRIPTORIUM_LANGUAGES, 'eng')
  assert.equal(config.SCRIPTORIUM_MAX_MEGAPIXELS, 100)
  assert.equal(config.REDIS_URL, undefined)
  assert.equal(readConfig(aggregatorSchema, {}).SCRIPTORIUM_WINDOW, 20_000)
  assert.equal(readConfig(fleetSchema, {}).SCRIPTORIUM_WORKERS, 0)
})

test('without any variable the API is for this machine only', () => {
  const config = readConfig(apiSchema, {})
  assert.equal(config.HOST, '127.0.0.1')
  assert.equal(config.PORT, 8080)
  assert.equal(config.SCRIPTORIUM_DATA, './data')
  assert.equal(config.SCRIPTORIUM_URL_SOURCES, 'off')
  assert.deepEqual(splitList(config.SCRIPTORIUM_TOKENS), [])
  assert.deepEqual(splitList(config.SCRIPTORIUM_CORS), [])
})

test('a retention is a number and its unit, or for ever', () => {
  const texts = ['90s', '5m', '12h', '30d', 'off']
  assert.deepEqual(texts.map(durationMs), [90_000, 300_000, 43_200_000, 2_592_000_000, 0])
  for (const SCRIPTORIUM_RETENTION of texts) readConfig(apiSchema, { SCRIPTORIUM_RETENTION })
  for (const SCRIPTORIUM_RETENTION of [
    '0d',
    '30',
    'd',
    '1.5h',
    '30 d',
    '1w',
    '1000000d',
    'never',
  ]) {
    assert.throws(
      () => readConfig(aggregatorSchema, { SCRIPTORIUM_RETENTION }),
      { code: 'configuration' },
      SCRIPTORIUM_RETENTION,
    )
  }
})

test('the API and the aggregator keep uploads for the same time where nothing is said', () => {
  const kept = readConfig(apiSchema, {}).SCRIPTORIUM_RETENTION
  assert.equal(readConfig(aggregatorSchema, {}).SCRIPTORIUM_RETENTION, kept)
  assert.ok(durationMs(kept) > 0)
})

test('the parts of a list stand between commas, whatever the space around them', () => {
  assert.deepEqual(splitList('a, b ,,c,'), ['a', 'b', 'c'])
  assert.deepEqual(splitList('one'), ['one'])
  assert.deepEqual(splitList(' , '), [])
})

test('an empty variable is as good as none', () => {
  const config = readConfig(workerSchema, { SCRIPTORIUM_LOCK_MS: '', TESSDATA_PREFIX: '' })
  assert.equal(config.SCRIPTORIUM_LOCK_MS, 20_000)
  assert.equal(config.TESSDATA_PREFIX, undefined)
})

test('numbers are read as numbers and strings as they are', () => {
  const config = readConfig(workerSchema, {
    SCRIPTORIUM_LOCK_MS: '1500',
    SCRIPTORIUM_MAX_MEGAPIXELS: '0.5',
    SCRIPTORIUM_PREFIX: '007',
  })
  assert.equal(config.SCRIPTORIUM_LOCK_MS, 1_500)
  assert.equal(config.SCRIPTORIUM_MAX_MEGAPIXELS, 0.5)
  assert.equal(config.SCRIPTORIUM_PREFIX, '007')
})

test('all bad variables are named at once, with what they hold', () => {
  const environment = {
    REDIS_URL: 'http://here',
    SCRIPTORIUM_PREFIX: 'With Spaces',
    SCRIPTORIUM_LOG_LEVEL: 'loud',
    SCRIPTORIUM_WINDOW: 'many',
    SCRIPTORIUM_DRAIN_MS: '-1',
  }
  assert.throws(
    () => readConfig(aggregatorSchema, environment),
    (error: Error) => {
      assert.ok('code' in error && error.code === 'configuration')
      for (const [name, value] of Object.entries(environment)) {
        assert.ok(error.message.includes(`${name}=${value}`), `${name} in: ${error.message}`)
      }
      return true
    },
  )
})

test('a number with something behind it is refused', () => {
  assert.throws(() => readConfig(fleetSchema, { SCRIPTORIUM_WORKERS: '2x' }), {
    code: 'configuration',
  })
  assert.throws(() => readConfig(fleetSchema, { SCRIPTORIUM_WORKERS: '1.5' }), {
    code: 'configuration',
  })
})

test('variables of others are left alone', () => {
  const config = readConfig(fleetSchema, { HOME: '/root', SCRIPTORIUM_WINDOW: 'not a fleet’s' })
  assert.deepEqual(Object.keys(config).toSorted(), [
    'SCRIPTORIUM_DRAIN_MS',
    'SCRIPTORIUM_ENGINE',
    'SCRIPTORIUM_LOG_LEVEL',
    'SCRIPTORIUM_NICE',
    'SCRIPTORIUM_PREFIX',
    'SCRIPTORIUM_WORKERS',
  ])
})

test("Redis's address may be a URL, a socket's URL or a socket's path", () => {
  for (const url of ['redis://h:1', 'rediss://h', 'unix:///run/r.sock', '/run/r.sock']) {
    assert.equal(readConfig(fleetSchema, { REDIS_URL: url }).REDIS_URL, url)
  }
})

test('a process that needs Redis says which variable is missing', () => {
  assert.equal(requireRedisUrl('redis://h'), 'redis://h')
  assert.throws(() => requireRedisUrl(undefined), { code: 'configuration', message: /REDIS_URL/ })
})

test('the default fleet has at least one worker and no more than the usable cores', () => {
  const workers = defaultWorkerCount()
  assert.ok(workers >= 1 && workers <= availableParallelism())
})
