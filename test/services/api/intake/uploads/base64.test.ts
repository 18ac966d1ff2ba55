import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { readBase64 } from '../../../../../services/api/intake/uploads/base64.ts'
import { createSpoolStore } from '../../../../../services/api/intake/spool/store.ts'
import { openSpool } from '../../../../../shared/files/spool.ts'
import { makeFolder, type Ending } from '../../../../helpers/folder.ts'
import { fastPace, jpegLike, makeRoom } from '../../../../helpers/api/upload-app.ts'

function makeIntake(ending: Ending, maxFileBytes = 2 ** 20) {
  const spool = openSpool(makeFolder(ending))
  const store = createSpoolStore({ spool, limits: { minFreeBytes: 0, pace: fastPace } })
  const requests = { maxRequestBytes: 2 ** 30, maxFiles: 1, lingerMs: 0, pace: fastPace }
  return { spool, intake: { store, room: makeRoom(spool), limits: { maxFileBytes, ...requests } } }
}

test('base64 content is decoded unchanged', async (t) => {
  const { intake } = makeIntake(t)
  for (const length of [11, 12, 13, 49_151, 49_152, 49_153, 200_000]) {
    const page = Buffer.concat([jpegLike(11), randomBytes(length - 11)])
    const source = { data: page.toString('base64'), name: 'a/b.jpg' }
    const { received, rejected } = await readBase64(source, intake, 'me')
    assert.deepEqual(rejected, [])
    assert.equal(received[0]?.sha256, hash('sha256', page), `${length} bytes`)
    assert.equal(received[0]?.name, 'b.jpg')
  }
})

test('invalid base64 is malformed, and leaves nothing behind', async (t) => {
  const { spool, intake } = makeIntake(t)
  const long = jpegLike(150_000).toString('base64')
  const short = jpegLike(13).toString('base64')
  const cases = {
    'without padding': short.replaceAll('=', ''),
    'with a line break': `${long.slice(0, 76)}\n${long.slice(76)}`,
    'of the other alphabet': `${long.slice(0, -4)}-_-_`,
    'padded in the middle': `${short}${short}`,
    'padded at the end of a slice': `${long.slice(0, 65_534)}==${long.slice(65_536)}`,
    'with bits to spare': `${short.slice(0, -3)}B==`,
    'of a data URL': `data:image/jpeg;base64,${long}`,
    'cut short': long.slice(0, -1),
  }
  for (const [what, data] of Object.entries(cases)) {
    await assert.rejects(readBase64({ data }, intake, 'me'), { code: 'malformed_request' }, what)
    assert.deepEqual(readdirSync(spool.tmp), [], what)
  }
})

test('an unsuitable file is rejected with its reason', async (t) => {
  const { spool, intake } = makeIntake(t, 100_000)
  const cases: [body: Buffer, code: string][] = [
    [Buffer.alloc(0), 'empty_file'],
    [Buffer.from('hello'), 'unsupported_type'],
    [jpegLike(100_001), 'upload_too_large'],
  ]
  for (const [body, code] of cases) {
    const { received, rejected } = await readBase64({ data: body.toString('base64') }, intake, 'me')
    assert.deepEqual(received, [])
    assert.deepEqual(
      rejected.map(({ name, error }) => [name, error.code]),
      [['upload', code]],
    )
  }
  assert.deepEqual(readdirSync(spool.tmp), [])
})
