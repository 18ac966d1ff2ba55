import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { DocumentView, UploadView } from '../../../../services/api/schemas/document.ts'
import type { RunView } from '../../../../services/api/schemas/run.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pdfOf } from '../../../helpers/pages/scanned-pdf.ts'
import { startSubmitting } from './submitting.ts'

const { api, newPage, submit, nothingLeft } = await startSubmitting({ after })

test('an accepted file is in the spool, its job is queued, and the answer has its links', async () => {
  const { name, bytes } = await newPage('a page.png')
  const { interactive: before } = await api.context.queue.waiting()
  const { status, headers, body } = await submit(formOf([{ name, bytes }]))
  assert.equal(status, 202)
  assert.equal(headers['location'], `/v1/documents/${body.id}`)
  assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/)
  const sha256 = hash('sha256', bytes)
  const { name: shown, mediaType, priority, outcome } = body
  assert.deepEqual(
    { name: shown, sha256: body.sha256, bytes: body.bytes, mediaType, priority, outcome },
    {
      name,
      sha256,
      bytes: bytes.length,
      mediaType: 'image/png',
      priority: 'interactive',
      outcome: null,
    },
  )
  assert.deepEqual(readFileSync(join(api.spool.inputs, sha256)), bytes)
  await nothingLeft()
  assert.equal((await api.context.queue.waiting()).interactive, before + 1)
  assert.equal((await api.call('GET', headers['location'] ?? '')).status, 200)
})

test('several files are one run, identical files are one document, and a bad one is named', async () => {
  const [one, other] = [await newPage('one.png'), await newPage('other.png')]
  const bad = { name: 'bad.txt', bytes: Buffer.from('no image') }
  const again = { ...one, name: 'again.png' }
  const { status, headers, body } = await submit<UploadView>(formOf([one, bad, other, again]))
  assert.equal(status, 202)
  assert.equal(headers['location'], `/v1/runs/${body.runId}`)
  assert.deepEqual(
    body.documents.map((document) => document.name),
    ['one.png', 'other.png'],
  )
  const [rejected] = body.rejected
  assert.deepEqual(
    [body.rejected.length, rejected?.name, rejected?.code, rejected?.retryable],
    [1, 'bad.txt', 'unsupported_type', false],
  )
  await nothingLeft()
  const run = await api.call<RunView>('GET', body.links.run)
  assert.deepEqual([run.status, run.body.counts], [200, { open: 2 }])
})

test('a raw body is a file, named by the query or by Content-Disposition', async () => {
  const first = await newPage()
  const image = { 'content-type': 'image/png' }
  const named = await submit(first.bytes, '?name=scan%201.png', image)
  assert.deepEqual([named.status, named.body.name], [202, 'scan 1.png'])
  const second = await newPage()
  const disposition = { 'content-disposition': 'attachment; filename="b.png"' }
  const disposed = await submit(second.bytes, '', { ...image, ...disposition })
  assert.deepEqual([disposed.status, disposed.body.name], [202, 'b.png'])
})

test('a JSON body contains its file as base64 or names one below a root', async () => {
  const { bytes } = await newPage()
  const data = bytes.toString('base64')
  const inline = await submit({ source: { type: 'base64', data, name: 'c.png' } })
  assert.deepEqual([inline.status, inline.body.sha256], [202, hash('sha256', bytes)])
  const other = await newPage()
  mkdirSync(join(api.scans, 'deep'), { recursive: true })
  writeFileSync(join(api.scans, 'deep', 'd.png'), other.bytes)
  const source = { type: 'path', root: 'scans', path: 'deep/d.png' }
  const named = await submit({ source, options: { tag: 'by path' } })
  assert.deepEqual([named.status, named.body.name, named.body.tag], [202, 'd.png', 'by path'])
})

test('tag, metadata, priority and recipe are echoed', async () => {
  const options = {
    tag: 'box 7',
    metadata: { shelf: '12' },
    priority: 'bulk',
    recipe: { psm: 6, variables: { preserve_interword_spaces: '1' } },
  }
  const { body } = await submit(formOf([await newPage()], options))
  const { tag, metadata, priority, recipe } = body
  assert.deepEqual(
    { tag, metadata, priority },
    { tag: 'box 7', metadata: { shelf: '12' }, priority: 'bulk' },
  )
  assert.deepEqual([recipe.psm, recipe.languages], [6, ['eng']])
  assert.deepEqual((await api.call<DocumentView>('GET', body.links.self)).body.tag, 'box 7')
})

test('a known document is answered at once under its new name, and listed under both', async () => {
  const { bytes } = await newPage()
  const first = await submit(formOf([{ name: 'first.png', bytes }], { tag: 'first tag' }))
  await api.read(first.body.id, { text: 'well known' })
  const again = await submit(formOf([{ name: 'again.png', bytes }], { tag: 'second tag' }))
  assert.equal(again.status, 200)
  const { id, status, outcome, name, tag, runId, links } = again.body
  assert.deepEqual(
    { id, status, outcome, name, tag },
    {
      id: first.body.id,
      status: 'finished',
      outcome: 'succeeded',
      name: 'again.png',
      tag: 'second tag',
    },
  )
  assert.notEqual(runId, first.body.runId)
  const run = await api.call<RunView>('GET', links.run)
  assert.deepEqual([run.status, run.body.id, run.body.tag], [200, runId, 'second tag'])
  for (const wanted of ['first tag', 'second tag']) {
    const list = await api.call<{ items: DocumentView[] }>(
      'GET',
      `/v1/documents?tag=${encodeURIComponent(wanted)}`,
    )
    assert.deepEqual(
      list.body.items.map((document) => document.id),
      [id],
    )
  }
})

test('another recipe makes another document of the same bytes', async () => {
  const page = await newPage()
  const first = await submit(formOf([page]))
  const other = await submit(formOf([page], { recipe: { psm: 6 } }))
  assert.deepEqual([other.status, other.body.id === first.body.id], [202, false])
})

test('wait answers with the result, as JSON or as text', async () => {
  const page = await newPage()
  const { id } = (await submit(formOf([page]))).body
  const waiting = submit(formOf([page]), '?wait=20')
  await api.read(id, { text: 'read meanwhile' })
  const { status, body } = await waiting
  assert.deepEqual([status, body.status], [200, 'finished'])
  assert.equal(body.result?.pages[0]?.text, 'read meanwhile')
  const plain = await submit<string>(formOf([page]), '?wait=1', { accept: 'text/plain' })
  assert.deepEqual([plain.status, plain.text], [200, 'read meanwhile\n'])
  assert.match(plain.headers['content-type'] ?? '', /^text\/plain/)
})

test('wait degrades to 202 at its timeout', async () => {
  const { status, headers, body } = await submit(formOf([await newPage()]), '?wait=1')
  assert.deepEqual([status, body.status, body.result], [202, 'queued', undefined])
  assert.ok(headers['retry-after'])
})

test('a failed document is read again when it is uploaded again', async () => {
  const page = await newPage()
  const { id } = (await submit(formOf([page]))).body
  await api.fail(id)
  const failed = await api.call<DocumentView>('GET', `/v1/documents/${id}`)
  assert.deepEqual([failed.body.outcome, failed.body.error?.code], ['rejected', 'corrupt_image'])
  const again = await submit(formOf([page]))
  assert.deepEqual([again.status, again.body.id, again.body.status], [202, id, 'queued'])
  await api.read(id, { text: 'mended' })
  const { body } = await api.call<DocumentView>('GET', `/v1/documents/${id}`)
  assert.deepEqual([body.outcome, body.error], ['succeeded', null])
})

test('force reads a finished document again, and wait waits for the new reading', async () => {
  const page = await newPage()
  const { id } = (await submit(formOf([page]))).body
  await api.read(id, { text: 'old reading' })
  const waiting = submit(formOf([page], { force: true }), '?wait=20')
  await api.read(id, { text: 'new reading' })
  const { status, body } = await waiting
  assert.deepEqual([status, body.id, body.result?.pages[0]?.text], [200, id, 'new reading'])
})

test('a forced document is not reported as finished before the aggregator records it', async (t) => {
  const own = await startApi(t)
  const aggregator = own.startAggregator()
  const page = await newPage()
  const send = (options?: object) =>
    own.call<DocumentView>('POST', '/v1/documents', { body: formOf([page], options) })
  const { id } = (await send()).body
  await own.read(id)
  await aggregator.stop()
  const forced = await send({ force: true, tag: 'forced' })
  assert.deepEqual([forced.status, forced.body.status, forced.body.tag], [202, 'queued', 'forced'])
  const shown = await own.call<DocumentView>('GET', `/v1/documents/${id}?wait=1`)
  assert.deepEqual([shown.body.status, shown.body.outcome], ['queued', null])
  own.startAggregator()
  await own.read(id)
  assert.equal(
    (await own.call<DocumentView>('GET', `/v1/documents/${id}`)).body.outcome,
    'succeeded',
  )
})

test('an Idempotency-Key returns the same answer for the same upload and rejects another', async () => {
  const page = await newPage()
  const headers = { 'idempotency-key': 'order 66' }
  const first = await submit(formOf([page]), '', headers)
  const again = await submit(formOf([page]), '', headers)
  assert.deepEqual([first.status, again.status], [202, 202])
  assert.deepEqual([again.body.id, again.body.runId], [first.body.id, first.body.runId])
  const runs = await api.call<{ items: RunView[] }>('GET', '/v1/runs?limit=500')
  assert.equal(runs.body.items.filter(({ id }) => id === first.body.runId).length, 1)
  const given = { body: formOf([await newPage()]), headers }
  await api.refused(409, 'idempotency_conflict', 'POST', '/v1/documents', given)
  const otherOptions = { body: formOf([page], { tag: 'other' }), headers }
  await api.refused(409, 'idempotency_conflict', 'POST', '/v1/documents', otherOptions)
  await nothingLeft()
})

test('the password of a PDF reaches the workers only', async () => {
  const pdfPassword = 'heron-and-lantern'
  const bytes = pdfOf([{ width: 595, height: 842, text: { lines: ['Under lock.'], mode: 0 } }])
  const { status, body, text } = await api.call<DocumentView>('POST', '/v1/documents', {
    body: formOf([{ name: 'locked.pdf', bytes }], { pdfPassword }),
    headers: { 'idempotency-key': 'locked' },
  })
  assert.equal(status, 202)
  assert.equal(body.mediaType, 'application/pdf')
  const { redis, keys, pdfPasswords } = api.context
  const secret = keys.secret(body.runId)
  assert.equal(await pdfPasswords.of(body.runId), pdfPassword)
  assert.ok((await redis.ttl(secret)) > 0)
  for (const key of await redis.keys('*')) {
    const value = await redis.dumpBuffer(key)
    assert.ok(!value?.includes(pdfPassword), key)
  }
  assert.ok(!text.includes(pdfPassword))
  const { text: run } = await api.call('GET', `/v1/runs/${body.runId}`)
  assert.ok(!run.includes(pdfPassword))
  await nothingLeft()
})
