import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressHolder, createProxyCheck } from '../../../../services/api/http/holder.ts'
import { createLimits, definitions } from '../../../../services/api/limits/limits.ts'
import { createSpoolRoom } from '../../../../services/api/limits/spool-room.ts'
import { freeBytes } from '../../../../services/api/limits/disk-space.ts'
import { makeFolder } from '../../../helpers/folder.ts'

const none = Object.fromEntries(Object.keys(definitions).map((name) => [name, 0])) as Record<
  keyof typeof definitions,
  number
>
const busy = { code: 'service_busy', httpStatus: 503, retryAfterSeconds: 5 }
const share = { code: 'too_many_open', httpStatus: 429, retryAfterSeconds: 5 }

test('a limit is shared by all, and one caller gets half of it', () => {
  const limits = createLimits({ ...none, open_uploads: 4 })
  const take = (holder: string, amount?: number) => limits.take('open_uploads', holder, amount)
  const [first, second] = [take('a'), take('a')]
  assert.throws(() => take('a'), share)
  take('b')
  const last = take('c')
  assert.throws(() => take('d'), busy)
  second.release()
  second.release()
  const again = take('d')
  assert.throws(() => take('e'), busy, 'a second release gives nothing back')
  for (const held of [first, last, again]) held.release()
  const [figures] = limits.figures().filter(({ name }) => name === 'open_uploads')
  assert.deepEqual(figures, { name: 'open_uploads', used: 1, limit: 4, refused: 3 })
})

test('a body larger than the share is admitted alone', () => {
  const limits = createLimits({ ...none, body_bytes: 10 })
  const large = limits.take('body_bytes', 'a', 9)
  assert.throws(() => limits.take('body_bytes', 'a', 1), share)
  assert.throws(() => limits.take('body_bytes', 'b', 2), busy)
  large.giveBack(5)
  limits.take('body_bytes', 'a', 1)
  assert.throws(() => limits.take('body_bytes', 'a', 1), share)
  large.giveBack(100)
  limits.take('body_bytes', 'b', 9).release()
})

test('a refusal names the setting', () => {
  const limits = createLimits(none)
  for (const [name, { setting, code }] of Object.entries(definitions)) {
    const refused = { code, message: new RegExp(`\\b${setting}$`) }
    assert.throws(() => limits.take(name as keyof typeof definitions, 'a'), refused)
  }
})

test('announced but unwritten bytes of the spool count against the free space', async (t) => {
  const folder = makeFolder(t)
  const limits = createLimits(none)
  const spare = 100 * 2 ** 20
  const minFreeBytes = (await freeBytes(folder)) - spare
  const room = createSpoolRoom({ folder, minFreeBytes, limits })
  const first = await room.reserve('a', 0.7 * spare)
  await assert.rejects(room.reserve('b', 0.6 * spare), { code: 'disk_full', httpStatus: 507 })
  first.giveBack(0.6 * spare)
  const second = await room.reserve('b', 0.6 * spare)
  await assert.rejects(room.reserve('b', 0.1 * spare), { code: 'too_many_open' })
  second.release()
  first.release()
  const third = await room.reserve('b', 0.7 * spare)
  third.release()
})

test('a caller is an address, or a network in IPv6', () => {
  assert.equal(addressHolder('192.0.2.1'), '192.0.2.1')
  assert.equal(addressHolder('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(addressHolder('2001:db8:1:2:3:4:5:6'), addressHolder('2001:db8:1:2::9'))
  assert.notEqual(addressHolder('2001:db8:1:2::1'), addressHolder('2001:db8:1:3::1'))
  assert.equal(addressHolder(undefined), 'unknown')
})

test('a proxy is recognised by its address or range', () => {
  const isProxy = createProxyCheck(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
  for (const address of ['10.1.2.3', '192.0.2.7', '::ffff:10.0.0.1', 'fd00::1']) {
    assert.ok(isProxy(address), address)
  }
  for (const address of ['11.0.0.1', '192.0.2.8', '::1', '']) assert.ok(!isProxy(address), address)
})
