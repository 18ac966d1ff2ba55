import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, property, string } from 'fast-check'
import { uploadName } from '../../../../../services/api/intake/uploads/name.ts'
import { jpegLike, startUploadApp } from '../../../../helpers/api/upload-app.ts'

test('a name keeps its last segment and its letters, and loses invisible characters', () => {
  const cases: [given: string | undefined, name: string][] = [
    ['scan.png', 'scan.png'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\scans\\page 1.tif', 'page 1.tif'],
    ['страница 頁 ページ é.jpg', 'страница 頁 ページ é.jpg'],
    ['👩‍🔬.jpg', '👩‍🔬.jpg'],
    ['a\0b\r\n\tc\u007f.jpg', 'abc.jpg'],
    ['gpj.\u202egnp', 'gpj.gnp'],
    ['  .hidden ', '.hidden'],
    ['..', 'upload'],
    ['a/.', 'upload'],
    ['.\0.', 'upload'],
    ['folder/', 'upload'],
    ['', 'upload'],
    [undefined, 'upload'],
    ['a\ud800.jpg', 'a\ufffd.jpg'],
    [`${'n'.repeat(300)}.jpg`, `${'n'.repeat(251)}.jpg`],
    [`${'ж'.repeat(300)}.jpg`, `${'ж'.repeat(125)}.jpg`],
    [`a.${'n'.repeat(300)}`, `a.${'n'.repeat(253)}`],
  ]
  for (const [given, name] of cases) assert.equal(uploadName(given), name)
})

test('any name becomes one well-formed segment of at most 255 bytes', () => {
  check(
    property(string({ unit: 'binary', maxLength: 400 }), (given) => {
      const name = uploadName(given)
      assert.ok(Buffer.byteLength(name) <= 255 && name !== '' && name !== '..')
      assert.doesNotMatch(name, /[/\\\p{Cc}]/u)
      assert.equal(Buffer.from(name).toString(), name)
    }),
  )
})

const head = (name: string): string =>
  `--b\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\n\r\n`

test('names of form fields are normalised alike', async (t) => {
  const app = await startUploadApp(t)
  const given = ['../../x.jpg', 'Brücke 頁.jpg', 'a\0b.jpg', `${'n'.repeat(300)}.jpg`]
  const parts = given.flatMap((name) => [
    Buffer.from(head(name)),
    jpegLike(30),
    Buffer.from('\r\n'),
  ])
  const body = Buffer.concat([...parts, Buffer.from('--b--\r\n')])
  const answer = await app.send(body, { 'content-type': 'multipart/form-data; boundary=b' })
  const names = answer.body.received?.map(({ name }) => name)
  assert.deepEqual(names, ['x.jpg', 'Brücke 頁.jpg', 'ab.jpg', `${'n'.repeat(251)}.jpg`])
})
