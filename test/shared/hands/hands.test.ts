import assert from 'node:assert/strict'
import { symlinkSync, readFileSync, writeFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { countDeaths } from '../../../shared/hands/suspects.ts'
import { openHandMarks, readHandMarks } from '../../../shared/hands/hand-marks.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { makeHands } from '../../helpers/ledger/hands.ts'

const isPoison = (thrown: unknown): boolean =>
  thrown instanceof ScriptoriumError && thrown.code === 'poison'

test('the file holds the work in progress, one item per hand', async (t) => {
  const { hands, left } = makeHands(t)
  const [one, other] = [hands.take(), hands.take()]
  await one.next('write a txt')
  await other.next('write b txt')
  assert.deepEqual(left(), ['write a txt', 'write b txt'])
  await one.next('write a json')
  assert.deepEqual(left(), ['write a json', 'write b txt'])
  one.done()
  other.rest()
  assert.deepEqual(left(), [])
  await other.next('write b txt')
  assert.deepEqual(left(), ['write b txt'])
  other.done()
  assert.deepEqual(left(), [])
})

test('a suspect waits before its next attempt, longer after each death', async (t) => {
  const began = performance.now()
  const { hands, left } = makeHands(t, { 'write a txt': 1, 'write b txt': 2 }, 60_000, 200)
  const [one, other, plain] = [hands.take(), hands.take(), hands.take()]
  const first = one.next('write a txt')
  const second = other.next('write b txt')
  await plain.next('write c txt')
  assert.deepEqual(left(), ['write c txt'])
  plain.done()
  await first
  assert.ok(performance.now() - began >= 199)
  assert.deepEqual(left(), ['write a txt'])
  one.done()
  await second
  assert.ok(performance.now() - began >= 399)
  assert.deepEqual(left(), ['write b txt'])
  other.done()
})

test('a successor finds the leftover items of each earlier session', (t) => {
  const file = join(makeFolder(t), 'in-hand')
  const first = openHandMarks(file)
  assert.deepEqual(first.left.items, [])
  first.begin()
  first.write(first.take(), 'write a txt')
  const second = openHandMarks(file)
  assert.deepEqual(second.left.items, ['write a txt'])
  assert.match(second.left.session, /^[0-9a-f-]{36}$/)
  assert.equal(openHandMarks(file).left.session, second.left.session, 'until it begins itself')
  second.begin()
  assert.deepEqual(openHandMarks(file).left.items, [])
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a requested shutdown blames no item in progress', (t) => {
  const file = join(makeFolder(t), 'in-hand')
  const marks = openHandMarks(file)
  marks.begin()
  const slot = marks.take()
  marks.write(slot, 'write a txt')
  marks.close()
  marks.write(slot, 'write b txt')
  marks.clear(slot)
  assert.deepEqual(readHandMarks(file)?.items, [])
})

test('a symbolic link in place of the marks file is not followed', (t) => {
  const folder = makeFolder(t)
  const target = join(folder, 'precious')
  writeFileSync(target, 'content')
  symlinkSync(target, join(folder, 'in-hand'))
  assert.throws(() => openHandMarks(join(folder, 'in-hand')), { code: 'ELOOP' })
  assert.equal(readFileSync(target, 'utf8'), 'content')
})

test('only a death with a single item in hand counts against it, and waiting items are not blamed', () => {
  const count = (items: string[], known: Record<string, number> = {}) =>
    Object.fromEntries(
      countDeaths(items, new Map(Object.entries(known)), (item) => (item === 'command' ? 1 : 0)),
    )
  assert.deepEqual(count(['a']), { a: 1 })
  assert.deepEqual(count(['a'], { a: 2 }), { a: 3 })
  assert.deepEqual(count(['a', 'b']), { a: 1, b: 1 })
  assert.deepEqual(count(['a', 'b'], { a: 2 }), { a: 2, b: 1 }, 'beside another one')
  assert.deepEqual(count(['a', 'command'], { a: 1, command: 1 }), { a: 2, command: 1 })
  assert.deepEqual(count(['command'], { command: 1 }), { command: 2 })
})

test('a suspect runs alone: it waits for items in hand, and later items wait for it', async (t) => {
  const { hands, left, forgotten } = makeHands(t, { killer: 1 })
  const [busy, suspect, other] = [hands.take(), hands.take(), hands.take()]
  await busy.next('a')
  const events: string[] = []
  const begun = suspect.next('killer')?.then(() => events.push('killer'))
  await turn()
  const next = other.next('b')?.then(() => events.push('b'))
  await turn()
  assert.deepEqual([events, left()], [[], ['a']])
  busy.done()
  await begun
  assert.deepEqual([events, left()], [['killer'], ['killer']])
  await turn()
  suspect.done()
  await next
  assert.deepEqual([events, left()], [['killer', 'b'], ['b']])
  assert.deepEqual(forgotten, ['killer'], 'it was done')
  assert.equal(hands.take().next('killer'), undefined, 'it is like any other')
})

test('two suspects run one after the other', async (t) => {
  const { hands, left } = makeHands(t, { a: 1, b: 2 })
  const seen: string[][] = []
  await Promise.all(
    ['a', 'b', 'c'].map((item) =>
      hands.hold(item, async () => {
        await turn()
        seen.push(left())
      }),
    ),
  )
  assert.deepEqual(seen, [['a'], ['b'], ['c']])
})

test('an item with three deaths is set aside until it is pardoned, and other items proceed', async (t) => {
  const { hands, left, forgotten } = makeHands(t, { killer: 3 })
  const hand = hands.take()
  await hand.next('a')
  assert.throws(() => hand.next('killer'), isPoison)
  assert.deepEqual(left(), [], 'it was not begun')
  await hand.next('b')
  assert.deepEqual(left(), ['b'])
  hand.done()
  await assert.rejects(
    hands.hold('killer', () => assert.fail()),
    isPoison,
  )
  await assert.rejects(
    hands.around('killer', () => assert.fail()),
    isPoison,
  )
  assert.deepEqual(forgotten, [])
  hands.pardon('killer')
  await hands.hold('killer', () => assert.deepEqual(left(), ['killer']))
  assert.deepEqual(forgotten, ['killer'])
})

test('an item that fails is cleared, an item that is only paused is not', async (t) => {
  const { hands, forgotten } = makeHands(t, { a: 1, b: 1 })
  await assert.rejects(
    hands.hold('b', () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.deepEqual(forgotten, ['b'])
  const hand = hands.take()
  await hand.next('a')
  hand.rest()
  await hand.next('a')
  assert.deepEqual(forgotten, ['b'])
  hand.done()
  assert.deepEqual(forgotten, ['b', 'a'])
})

test('an enclosing item neither delays a suspect nor is blamed for its parts', async (t) => {
  const { hands, left } = makeHands(t, { inner: 1, outer: 1 })
  await hands.around('command', () =>
    hands.hold('inner', () => assert.deepEqual(left(), ['command', 'inner'])),
  )
  await hands.around('outer', async () => {
    assert.deepEqual(left(), ['outer'])
    await hands.hold('part', () => assert.deepEqual(left(), ['part']))
    assert.deepEqual(left(), ['outer'])
  })
  assert.deepEqual(left(), [])
})

test('every wait is bounded', { timeout: 60_000 }, async (t) => {
  const { hands, left } = makeHands(t, { a: 1, b: 1 }, 20)
  const stuck = hands.take()
  await stuck.next('stuck')
  const alone = hands.take()
  await alone.next('a')
  const other = hands.take()
  await other.next('b')
  await hands.take().next('c')
  assert.deepEqual(left(), ['stuck', 'a', 'b', 'c'])
})
