import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { handFiles, items, openHands } from '../../../services/api/in-hand.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { silent } from '../../helpers/processes/private-redis.ts'

const row = { id: 'd1', pass: 1 }
const pdf = items.render(row, 'pdf')

/** Leaves the state of an API that was killed with these items in hand: its lock is gone, its file stays. */
async function dieWith(folder: string, ...inHand: string[]): Promise<void> {
  const { hands, close } = openHands(folder, silent)
  const [file = ''] = handFiles(folder)
  for (const item of inHand) await hands.take().next(item)
  const marks = readFileSync(file)
  close()
  writeFileSync(file, marks)
}

test('a rendering that killed the API three times is rejected, others are not, and a new reading is tried', async (t) => {
  const folder = makeFolder(t)
  await dieWith(folder, pdf, items.search('q'))
  await dieWith(folder, pdf)
  await dieWith(folder, pdf)
  const { hands, close } = openHands(folder, silent)
  t.after(close)
  const isPoison = (thrown: unknown): boolean =>
    thrown instanceof ScriptoriumError &&
    thrown.code === 'poison' &&
    thrown.httpStatus === 422 &&
    thrown.message.startsWith('the API died 3 times while rendering this; ask for another format')
  await assert.rejects(
    hands.hold(pdf, () => assert.fail()),
    isPoison,
  )
  for (const item of [
    items.render(row, 'txt'),
    items.render(row, 'pdf', 2),
    items.render({ ...row, pass: 2 }, 'pdf'),
    items.search('q'),
  ])
    assert.equal(await hands.hold(item, () => item), item)
})

test('two APIs of one folder have separate marks files, readable by their user only', (t) => {
  const folder = makeFolder(t)
  const [one, other] = [openHands(folder, silent), openHands(folder, silent)]
  t.after(() => [one, other].forEach(({ close }) => close()))
  assert.equal(handFiles(folder).length, 2)
  assert.equal(statSync(join(folder, 'api')).mode & 0o777, 0o700)
  for (const name of readdirSync(join(folder, 'api')).filter((each) => each.endsWith('in-hand')))
    assert.equal(statSync(join(folder, 'api', name)).mode & 0o777, 0o600)
})

test('a damaged marks file counts as empty', (t) => {
  const folder = makeFolder(t)
  openHands(folder, silent).close()
  writeFileSync(join(folder, 'api', '0.deaths.json'), '{')
  const { hands, close } = openHands(folder, silent)
  t.after(close)
  assert.equal(hands.poisonOf(pdf), undefined)
})
