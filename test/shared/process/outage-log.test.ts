import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createOutageLog } from '../../../shared/process/outage-log.ts'

/** An outage log with a fake clock, and every line that it wrote. */
function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: [string, string, object][] = []
  const take =
    (level: string) =>
    (fields: object, sentence: string): void =>
      void lines.push([level, sentence, fields])
  const log = createOutageLog({ info: take('info'), warn: take('warn'), error: take('error') })
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) t.mock.timers.tick(1_000)
  }
  return { lines, log, pass }
}

test('the first lines are logged immediately and unchanged', (t) => {
  const { lines, log } = setUp(t)
  log.warn({ err: 'refused' }, 'Redis is away')
  log.info({}, 'Redis is reachable again')
  assert.deepEqual(lines, [
    ['warn', 'Redis is away', { err: 'refused' }],
    ['info', 'Redis is reachable again', {}],
  ])
})

test('a loop that fails a thousand times a second logs at most 20 lines a minute', (t) => {
  const { lines, log, pass } = setUp(t)
  for (let second = 0; second < 60; second += 1) {
    for (let n = 0; n < 1_000; n += 1) {
      log.warn({ second }, 'collecting failed')
      log.error({ second }, 'taking commands failed')
    }
    pass(1)
  }
  assert.ok(lines.length <= 20, `${lines.length} lines`)
  assert.deepEqual(new Set(lines.map(([, sentence]) => sentence)).size, 2)
})

test('a suppressed line is logged later: the latest of its message, with a count', (t) => {
  const { lines, log, pass } = setUp(t)
  for (let n = 0; n < 7; n += 1) log.warn({ n }, 'refused')
  log.warn({ n: 7 }, 'refused')
  log.info({ n: 8 }, 'taken')
  log.warn({ n: 9 }, 'refused')
  assert.equal(lines.length, 7)
  pass(30)
  assert.deepEqual(lines.slice(7), [
    ['info', 'taken', { n: 8, times: 1 }],
    ['warn', 'refused', { n: 9, times: 2 }],
  ])
})

test('after a quiet period lines are logged immediately again', (t) => {
  const { lines, log, pass } = setUp(t)
  for (let n = 0; n < 20; n += 1) log.warn({ n }, 'refused')
  pass(120)
  const before = lines.length
  for (let n = 0; n < 5; n += 1) log.warn({ n }, 'refused')
  assert.equal(lines.length, before + 5)
})
