import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { test } from 'node:test'
import type { StartFailure } from '../../../shared/redis/heartbeats.ts'
import { createStartWatch } from '../../../workers/fleet/start-watch.ts'
import { silent } from '../../helpers/processes/private-redis.ts'

/** A watch, and processes that start and end. */
function setUp(hasParent = false) {
  const told: StartFailure[] = []
  const tell = async (failure: StartFailure): Promise<void> => void told.push(failure)
  const watch = createStartWatch({ tell, hasParent, log: silent })
  const live = (messages: readonly unknown[], code: number | null, signal?: string): void => {
    const child = new EventEmitter()
    watch.watch(child as ChildProcess)
    for (const message of messages) child.emit('message', message)
    child.emit('exit', code, signal ?? null)
  }
  return { told, live }
}

const damaged = { kind: 'failed', code: 'engine_boot_failed', message: 'its model is damaged' }

test('the third consecutive worker that ends before it is ready is reported, with its own message', () => {
  const { told, live } = setUp()
  live([damaged], 15)
  live([damaged], 15)
  assert.equal(told.length, 0)
  live([damaged], 15)
  assert.deepEqual(
    told.map(({ code, message, deaths }) => [code, message, deaths]),
    [[damaged.code, damaged.message, 3]],
  )
})

test('a ready worker resets the count, and a stopped one does not count', () => {
  const { told, live } = setUp()
  for (const _ of [1, 2]) live([damaged], 15)
  live([{ kind: 'ready' }], null, 'SIGKILL')
  for (const _ of [1, 2]) live([], null, 'SIGKILL')
  live([], 0)
  assert.equal(told.length, 0)
  live([], null, 'SIGKILL')
  assert.deepEqual(
    told.map(({ message }) => message),
    ['exited during start (SIGKILL)'],
  )
})

test('a configuration error is reported at once and ends the fleet', () => {
  const { told, live } = setUp()
  live([{ kind: 'failed', code: 'unknown_language', message: 'no data for xyz' }], 9)
  assert.deepEqual([told[0]?.code, told[0]?.deaths], ['unknown_language', 1])
})

test('a parent learns of a configuration error from the exit code, so the run is not paused for it', () => {
  const { told, live } = setUp(true)
  const unknown = { kind: 'failed', code: 'unknown_language', message: 'no data for xyz' }
  for (const _ of [1, 2, 3]) live([unknown], 9)
  assert.equal(told.length, 0)
  live([damaged], 15)
  assert.deepEqual(
    told.map(({ code }) => code),
    [damaged.code],
  )
})
