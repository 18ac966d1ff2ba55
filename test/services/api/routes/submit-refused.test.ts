import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { formOf } from '../../../helpers/api/api.ts'
import { startSubmitting } from './submitting.ts'

const { api, newPage, nothingLeft } = await startSubmitting({ after })

test('malformed requests are 400', async () => {
  const json = { 'content-type': 'application/json' }
  const bodies: { body: unknown; headers?: Record<string, string> }[] = [
    { body: '{"source":', headers: json },
    { body: '', headers: json },
    { body: { source: { type: 'base64', data: 'not base64!' } } },
    { body: formOf([await newPage()], '{"tag":') },
    { body: 'no boundary', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
  ]
  for (const given of bodies) {
    await api.refused(400, 'malformed_request', 'POST', '/v1/documents', given)
  }
  const page = { body: formOf([await newPage()]) }
  await api.refused(400, 'malformed_request', 'POST', '/v1/documents?wait=121', page)
  await api.refused(400, 'malformed_request', 'POST', '/v1/documents?wait=soon', page)
  const longKey = { ...page, headers: { 'idempotency-key': 'k'.repeat(201) } }
  await api.refused(400, 'malformed_request', 'POST', '/v1/documents', longKey)
  await nothingLeft()
})

test('an unsupported content type is 415, and so is unsupported content', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'video/mp4',
  ]) {
    const given = { body: 'files=x', headers: { 'content-type': type } }
    await api.refused(415, 'unsupported_media_type', 'POST', '/v1/documents', given)
  }
  const heic = Buffer.concat([
    Buffer.from('0000001866747970', 'hex'),
    Buffer.from('heic\0\0\0\0mif1heic'),
  ])
  const zip = Buffer.from('504b03041400000000000000000000000000', 'hex')
  for (const bytes of [heic, zip, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')]) {
    const sniffed = { body: formOf([{ name: 'page.png', bytes, type: 'image/png' }]) }
    const { body } = await api.refused(415, 'unsupported_type', 'POST', '/v1/documents', sniffed)
    assert.match(body.detail, /^page\.png /)
  }
  await nothingLeft()
})

test('invalid options are 422 with their place', async () => {
  const { bytes } = await newPage()
  const cases: [options: unknown, path: string][] = [
    [{ recipe: { psm: 99 } }, '/options/recipe/psm'],
    [{ recipe: { languages: [] } }, '/options/recipe/languages'],
    [{ recipe: { pages: '0' } }, '/options/recipe/pages'],
    [{ recipe: { pages: '1,5-2' } }, '/recipe/pages'],
    [{ colour: 'red' }, '/options/colour'],
    [{ priority: 'urgent' }, '/options/priority'],
    [{ attempts: 0 }, '/options/attempts'],
    [{ metadata: { a: 1 } }, '/options/metadata/a'],
    [
      { recipe: { variables: { user_words_file: '/etc/passwd' } } },
      '/recipe/variables/user_words_file',
    ],
    [[], '/options'],
  ]
  for (const [options, path] of cases) {
    const asForm = { body: formOf([{ name: 'x.png', bytes }], options) }
    const { body } = await api.refused(422, 'invalid_request', 'POST', '/v1/documents', asForm)
    assert.ok(
      body.errors?.some((fault) => fault.path === path),
      JSON.stringify(body.errors),
    )
    const source = { type: 'base64', data: bytes.toString('base64') }
    const asJson = { body: { source, options } }
    await api.refused(422, 'invalid_request', 'POST', '/v1/documents', asJson)
  }
  await api.refused(422, 'invalid_request', 'POST', '/v1/documents', { body: { source: {} } })
  await api.refused(422, 'invalid_request', 'POST', '/v1/documents', { body: [] })
  await nothingLeft()
})

test('a source that is missing, not a file or outside of its root is rejected by name', async (t) => {
  const { bytes } = await newPage()
  writeFileSync(join(api.folder, 'secret.png'), bytes)
  symlinkSync(join(api.folder, 'secret.png'), join(api.scans, 'link.png'))
  symlinkSync('round.png', join(api.scans, 'round.png'))
  mkdirSync(join(api.scans, 'folder'), { recursive: true })
  writeFileSync(join(api.scans, 'empty.png'), '')
  const socket = createServer().listen(join(api.scans, 'socket'))
  t.after(() => socket.close())
  await once(socket, 'listening')
  const cases: [status: number, code: string, root: string, path: string][] = [
    [422, 'unknown_root', 'nowhere', 'a.png'],
    [404, 'not_found', 'scans', 'missing.png'],
    [404, 'not_found', 'scans', 'empty.png/below'],
    [404, 'not_found', 'scans', 'n'.repeat(300)],
    [404, 'not_found', 'scans', 'round.png'],
    [422, 'invalid_request', 'scans', 'folder'],
    [422, 'invalid_request', 'scans', '../secret.png'],
    [422, 'invalid_request', 'scans', '/etc/passwd'],
    [422, 'invalid_request', 'scans', 'a\u0000b'],
    [422, 'invalid_request', 'scans', 'a\\b'],
    [403, 'path_outside_root', 'scans', 'link.png'],
    [422, 'not_a_file', 'scans', 'socket'],
    [422, 'empty_file', 'scans', 'empty.png'],
  ]
  for (const [status, code, root, path] of cases) {
    const given = { body: { source: { type: 'path', root, path } } }
    await api.refused(status, code, 'POST', '/v1/documents', given)
  }
  await nothingLeft()
})

test('a rejected source is closed', async () => {
  const open = (): number => readdirSync('/proc/self/fd').length
  writeFileSync(join(api.scans, 'notes.txt'), 'no image '.repeat(100_000))
  const given = { body: { source: { type: 'path', root: 'scans', path: 'notes.txt' } } }
  const refuse = () => api.refused(415, 'unsupported_type', 'POST', '/v1/documents', given)
  await refuse()
  const before = open()
  for (let index = 0; index < 20; index += 1) await refuse()
  assert.ok(open() < before + 10, `${open()} files are open, ${before} were`)
})

test('URLs are rejected while they are disabled', async () => {
  const given = { body: { source: { type: 'url', url: 'https://example.org/a.png' } } }
  await api.refused(422, 'url_refused', 'POST', '/v1/documents', given)
})
