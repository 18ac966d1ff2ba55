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

test('the API listens on loopback by default', () => {
  const config = readConfig(apiSchema, {})
  assert.equal(config.HOST, '127.0.0.1')
  assert.equal(config.PORT, 8080)
  assert.equal(config.SCRIPTORIUM_DATA, './data')
  assert.equal(config.SCRIPTORIUM_URL_SOURCES, 'off')
  assert.deepEqual(splitList(config.SCRIPTORIUM_TOKENS), [])
  assert.deepEqual(splitList(config.SCRIPTORIUM_CORS), [])
})

test('a retention is a number with a unit, or unlimited', () => {
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

test('the API and the aggregator have the same default retention', () => {
  const kept = readConfig(apiSchema, {}).SCRIPTORIUM_RETENTION
  assert.equal(readConfig(aggregatorSchema, {}).SCRIPTORIUM_RETENTION, kept)
  assert.ok(durationMs(kept) > 0)
})

test('list items are separated by commas and trimmed', () => {
  assert.deepEqual(splitList('a, b ,,c,'), ['a', 'b', 'c'])
  assert.deepEqual(splitList('one'), ['one'])
  assert.deepEqual(splitList(' , '), [])
})

test('an empty variable counts as unset', () => {
  const config = readConfig(workerSchema, { SCRIPTORIUM_LOCK_MS: '', TESSDATA_PREFIX: '' })
  assert.equal(config.SCRIPTORIUM_LOCK_MS, 20_000)
  assert.equal(config.TESSDATA_PREFIX, undefined)
})

test('numbers are parsed as numbers, and strings stay unchanged', () => {
  const config = readConfig(workerSchema, {
    SCRIPTORIUM_LOCK_MS: '1500',
    SCRIPTORIUM_MAX_MEGAPIXELS: '0.5',
    SCRIPTORIUM_PREFIX: '007',
  })
  assert.equal(config.SCRIPTORIUM_LOCK_MS, 1_500)
  assert.equal(config.SCRIPTORIUM_MAX_MEGAPIXELS, 0.5)
  assert.equal(config.SCRIPTORIUM_PREFIX, '007')
})

test('all invalid variables are reported at once, with their values', () => {
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

test('a number with trailing characters is rejected', () => {
  assert.throws(() => readConfig(fleetSchema, { SCRIPTORIUM_WORKERS: '2x' }), {
    code: 'configuration',
  })
  assert.throws(() => readConfig(fleetSchema, { SCRIPTORIUM_WORKERS: '1.5' }), {
    code: 'configuration',
  })
})

test('unrelated variables are ignored', () => {
  const config = readConfig(fleetSchema, { HOME: '/root', SCRIPTORIUM_WINDOW: 'not a fleet’s' })
  assert.deepEqual(Object.keys(config).toSorted(), [
    'SCRIPTORIUM_DRAIN_MS',
    'SCRIPTORIUM_ENGINE',
    'SCRIPTORIUM_LOG_LEVEL',
    'SCRIPTORIUM_NICE',
    'SCRIPTORIUM_PREFIX',
    'SCRIPTORIUM_SECOND_ENGINE',
    'SCRIPTORIUM_WORKERS',
  ])
})

test('REDIS_URL accepts a URL, a socket URL or a socket path', () => {
  for (const url of ['redis://h:1', 'rediss://h', 'unix:///run/r.sock', '/run/r.sock']) {
    assert.equal(readConfig(fleetSchema, { REDIS_URL: url }).REDIS_URL, url)
  }
})

test('a process that needs Redis names the missing variable', () => {
  assert.equal(requireRedisUrl('redis://h'), 'redis://h')
  assert.throws(() => requireRedisUrl(undefined), { code: 'configuration', message: /REDIS_URL/ })
})

test('the default fleet has at least one worker and at most one for each usable core', () => {
  const workers = defaultWorkerCount()
  assert.ok(workers >= 1 && workers <= availableParallelism())
})
