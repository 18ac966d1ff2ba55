import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ScriptoriumDocument } from '../../../../shared/contract/result/document.ts'
import type { Reading } from '../../../../shared/contract/result/page.ts'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { makePage } from '../../../helpers/ledger/records.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'

const api = await startApi({ after })
api.startAggregator()

interface PageText {
  revision: number
  lines: string[]
  correction: { number: number; author: string } | null
}
interface List<T> {
  items: T[]
  nextCursor: string | null
}

const reading: Reading = {
  name: 'first',
  scale: 1,
  rotation: 0,
  thresholding: 'otsu',
  words: 2,
  confidence: 60,
  score: 0.5,
  linesKept: 1,
  recogniseMs: 1,
}

/** A document that was read with this score. */
async function read(text: string, score = 0.5): Promise<DocumentView> {
  const form = formOf([{ name: 'page.png', bytes: await pngOf(`pages ${text}`) }])
  const { body } = await api.call<DocumentView>('POST', '/v1/documents', { body: form })
  await api.read(body.id, { text, confidence: 60, readings: [{ ...reading, score }] })
  return body
}

const textOf = (id: string): string => `/v1/documents/${id}/pages/1/text`
const put = (id: string, revision: number, ...lines: string[]) =>
  api.call<PageText>('PUT', textOf(id), { body: { revision, lines } })
const resultOf = async (id: string, format: string): Promise<string> =>
  (await api.call('GET', `/v1/documents/${id}/result?format=${format}`)).text

test('a corrected text is in every format and in the search, with its author', async () => {
  const { id } = await read('tbe harbour')
  assert.deepEqual((await api.call<PageText>('GET', textOf(id))).body, {
    revision: 0,
    lines: ['tbe harbour'],
    correction: null,
  })
  const before = await api.call('GET', `/v1/documents/${id}/result?format=txt`)
  const { status, body } = await put(id, 0, 'the harbour')
  assert.equal(status, 200)
  assert.deepEqual([body.revision, body.lines], [1, ['the harbour']])
  assert.deepEqual([body.correction?.number, body.correction?.author], [1, 'anonymous'])

  assert.equal(await resultOf(id, 'txt'), 'the harbour\n')
  for (const format of ['hocr', 'alto', 'page', 'tsv']) {
    const text = await resultOf(id, format)
    assert.match(text, /\bthe\b/, format)
    assert.doesNotMatch(text, /tbe/, format)
  }
  const [page] = (JSON.parse(await resultOf(id, 'json')) as ScriptoriumDocument).pages
  assert.equal(page?.correction?.number, 1)
  const found = await api.call<List<{ documentId: string; words: { text: string }[] }>>(
    'GET',
    '/v1/search?q=the',
  )
  assert.deepEqual(
    found.body.items.map(({ documentId, words }) => [documentId, words.map(({ text }) => text)]),
    [[id, ['the']]],
  )
  assert.deepEqual((await api.call<List<object>>('GET', '/v1/search?q=tbe')).body.items, [])
  const headers = { 'if-none-match': before.headers['etag'] ?? '' }
  const changed = await api.call('GET', `/v1/documents/${id}/result?format=txt`, { headers })
  assert.equal(changed.status, 200, 'the version of the result has changed')
})

test('two people do not overwrite each other, and a page keeps its lines', async () => {
  const { id } = await read('one word')
  const both = await Promise.all([put(id, 0, 'first word'), put(id, 0, 'second word')])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409])
  await api.refused(409, 'revision_conflict', 'PUT', textOf(id), {
    body: { revision: 0, lines: ['third word'] },
  })
  await api.refused(422, 'invalid_request', 'PUT', textOf(id), {
    body: { revision: 1, lines: ['a', 'b'] },
  })
  const other = `/v1/documents/${id}/pages/2/text`
  await api.refused(404, 'unknown_page', 'PUT', other, { body: { revision: 0, lines: [''] } })
  const revisions = await api.call<List<{ revision: number; kind: string; isShown: boolean }>>(
    'GET',
    `/v1/documents/${id}/revisions`,
  )
  assert.deepEqual(
    revisions.body.items.map(({ revision, kind, isShown }) => [revision, kind, isShown]),
    [
      [0, 'reading', false],
      [1, 'correction', true],
    ],
  )
})

test('a later reading of the same bytes keeps the correction and says so; both texts are kept', async () => {
  const { id } = await read('rnodern')
  await put(id, 0, 'modern')
  const { ledger } = api
  const row = ledger.documents.get(id)
  assert.ok(row)
  ledger.transaction(() => {
    ledger.pages.clear(id)
    ledger.pages.putResult(id, makePage({ text: 'modem' }))
    ledger.pages.putResult(id, makePage({ text: 'a second delivery' }))
  })
  assert.equal(await resultOf(id, 'txt'), 'modern\n')
  const { items } = (
    await api.call<List<{ kind: string; text: string; isShown: boolean }>>(
      'GET',
      `/v1/documents/${id}/revisions`,
    )
  ).body
  assert.deepEqual(
    items.map(({ kind, text, isShown }) => [kind, text, isShown]),
    [
      ['reading', 'rnodern', false],
      ['correction', 'modern', true],
      ['reading', 'modem', false],
    ],
  )
  const [page] = (JSON.parse(await resultOf(id, 'json')) as ScriptoriumDocument).pages
  assert.deepEqual(
    page?.warnings?.map(({ code }) => code),
    ['correction_kept'],
  )
  await api.refused(409, 'revision_conflict', 'PUT', textOf(id), {
    body: { revision: 1, lines: ['modern times'] },
  })

  // A page that cannot be read again keeps its correction, too.
  ledger.transaction(() => {
    ledger.pages.clear(id)
    const error = { code: 'page_timeout', message: '' }
    ledger.pages.putFailure(id, { page: 1, outcome: 'timeout', error, attempts: 1, worker: 'w' })
  })
  assert.equal(await resultOf(id, 'txt'), 'modern\n')
})

test('the review lists unchecked pages below a mark, worst first, and pages of a run', async () => {
  const worst = await read('worst', 0.11)
  const bad = await read('bad', 0.12)
  const fair = await read('fair', 0.13)
  await read('sound', 0.99)
  const list = async (query: string) =>
    (await api.call<List<{ documentId: string; score: number }>>('GET', `/v1/review?${query}`)).body
  const first = await list('below=0.2&limit=2')
  assert.deepEqual(
    first.items.map(({ documentId, score }) => [documentId, score]),
    [
      [worst.id, 0.11],
      [bad.id, 0.12],
    ],
  )
  const next = await list(`below=0.2&limit=2&cursor=${first.nextCursor}`)
  assert.deepEqual(
    next.items.map(({ documentId }) => documentId),
    [fair.id],
  )
  assert.equal(next.nextCursor, null)
  const ofRun = await list(`below=0.2&run=${bad.runId}`)
  assert.deepEqual(
    ofRun.items.map(({ documentId }) => documentId),
    [bad.id],
  )
  assert.deepEqual((await list(`run=unknown`)).items, [])
  // Left as it is: somebody has looked at it.
  await put(worst.id, 0, 'worst')
  assert.deepEqual(
    (await list('below=0.2')).items.map(({ documentId }) => documentId),
    [bad.id, fair.id],
  )
})

test('a document that is deleted takes its revisions with it', async () => {
  const { id } = await read('secret')
  await put(id, 0, 'secret text')
  await api.call('DELETE', `/v1/documents/${id}`)
  assert.equal(api.ledger.revisions.count(id), 0)
})

test('without a worker a page has no picture, and the answer says so', async () => {
  const { id } = await read('unseen')
  const answer = await api.refused(503, 'no_worker', 'GET', `/v1/documents/${id}/pages/1/image`)
  assert.ok(Number(answer.headers['retry-after']) > 0)
})
