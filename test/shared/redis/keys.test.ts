import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeys, ttl } from '../../../shared/redis/keys.ts'

const everyKey = (prefix: string): string[] =>
  Object.values(createKeys(prefix)).map((key) =>
    typeof key === 'string' ? key : key('one', 'two', 'three'),
  )

test('every key has the prefix', () => {
  for (const key of everyKey('mine')) assert.ok(key.startsWith('mine:'), key)
})

test('no two keys are the same', () => {
  const keys = everyKey('mine')
  assert.equal(new Set(keys).size, keys.length)
})

test('installations with different prefixes share no key', () => {
  const theirs = new Set(everyKey('theirs'))
  assert.deepEqual(
    everyKey('mine').filter((key) => theirs.has(key)),
    [],
  )
})

test('keys of one job, run or content are distinct', () => {
  const keys = createKeys('mine')
  assert.notEqual(keys.done('j1'), keys.done('j2'))
  assert.notEqual(keys.claim('r1', 'f', 'a'), keys.claim('r2', 'f', 'a'))
  assert.notEqual(keys.claim('r1', 'f', 'a'), keys.claim('r1', 'g', 'a'))
  assert.notEqual(keys.progress('r1'), keys.events('r1'))
})

test('every lifetime is a whole number of seconds', () => {
  for (const [name, seconds] of Object.entries(ttl)) {
    assert.ok(Number.isInteger(seconds) && seconds > 0, name)
  }
})
