import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ScriptoriumDocument } from '../../../../shared/contract/result/document.ts'
import { documentSchema } from '../../../../shared/contract/result/document.ts'
import { formats } from '../../../../shared/contract/result/formats.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { createReporter } from '../../../../shared/redis/result-stream.ts'
import { outputFormats } from '../../../../services/outputs/formats.ts'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf, tiffOf } from '../../../helpers/pages/pages.ts'
import { pageReport } from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'

const api = await startApi({ after })
api.startAggregator()
const parseDocument = createParser('a result', documentSchema)

async function upload(name: string, bytes: Buffer): Promise<DocumentView> {
  const body = formOf([{ name, bytes }])
  return (await api.call<DocumentView>('POST', '/v1/documents', { body })).body
}

const one = await upload('one.png', await pngOf('results'))
await api.read(one.id, { text: 'first line\nsecond line' })

/** A document of two pages, as the workers that read its pages report it. */
async function uploadTwoPages(): Promise<DocumentView> {
  const document = await upload('two.tif', await tiffOf(['results 1', 'results 2']))
  const documentId = document.id
  const row = await waitFor('it is planned', () => api.ledger.documents.get(documentId))
  const reporter = createReporter(api.context.redis, api.context.keys)
  for (const page of [1, 2]) {
    const about = { jobId: `${row.jobId}n${page}`, documentId }
    await reporter.report(pageReport(about, { page, text: `page ${page}` }, 2))
  }
  await waitFor('it is final', () => api.ledger.documents.get(documentId)?.state === 'final')
  return document
}
const two = await uploadTwoPages()

const get = <T = string>(url: string, headers: Record<string, string> = {}) =>
  api.call<T>('GET', url, { headers })

test('a result is by default JSON of the contract', async () => {
  for (const accept of ['application/json', '*/*', 'application/*']) {
    const { status, headers, body } = await get<ScriptoriumDocument>(one.links.result, { accept })
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /^application\/json/)
    const document = parseDocument(body)
    assert.deepEqual(
      [document.id, document.path, document.pages[0]?.text],
      [one.id, 'one.png', 'first line\nsecond line'],
    )
  }
})

test('a result is text if Accept prefers it or the format is requested', async () => {
  const text = 'first line\nsecond line\n'
  const negotiated = await get(one.links.result, { accept: 'text/plain, application/json;q=0.5' })
  assert.deepEqual([negotiated.status, negotiated.text], [200, text])
  assert.match(negotiated.headers['content-type'] ?? '', /^text\/plain; charset=utf-8/)
  assert.match(negotiated.headers['vary'] ?? '', /accept/i)
  const asked = await get(`${one.links.result}?format=txt`, { accept: 'application/json' })
  assert.equal(asked.text, text)
  const json = await get(`${one.links.result}?format=json`, { accept: 'text/plain' })
  assert.match(json.headers['content-type'] ?? '', /^application\/json/)
})

test('an unavailable format is 406', async () => {
  const given = { headers: { accept: 'image/png' } }
  await api.refused(406, 'not_acceptable', 'GET', one.links.result, given)
  await api.refused(406, 'not_acceptable', 'GET', `${one.links.self}/events`, given)
  const refusing = { headers: { accept: 'application/json' } }
  await api.refused(406, 'not_acceptable', 'GET', `/v1/runs/${one.runId}/events`, refusing)
})

test('a single page can be requested', async () => {
  const all = await get(`${two.links.result}?format=txt`)
  assert.equal(all.text, 'page 1\fpage 2\n')
  const second = await get(`${two.links.result}?format=txt&page=2`)
  assert.equal(second.text, 'page 2\n')
  const json = await get<ScriptoriumDocument>(`${two.links.result}?page=1`)
  assert.deepEqual(
    json.body.pages.map(({ page }) => page),
    [1],
  )
  await api.refused(404, 'unknown_page', 'GET', `${two.links.result}?page=3`)
  await api.refused(400, 'malformed_request', 'GET', `${two.links.result}?page=0`)
  await api.refused(400, 'malformed_request', 'GET', `${two.links.result}?format=docx`)
})

test('every format is available by name and by media type', async () => {
  const beginnings: Record<string, RegExp> = {
    txt: /^first line\n/,
    json: /^\{"id"/,
    hocr: /^<\?xml[^]*<html[^]*class="ocr_page"/,
    alto: /^<\?xml[^]*<alto /,
    page: /^<\?xml[^]*<PcGts /,
    tsv: /^level\tpage_num/,
    md: /^first line/,
    html: /^<!DOCTYPE html>/,
    csv: /^$/,
    chunks: /^\{"documentId"/,
    pdf: /^%PDF-/,
  }
  for (const format of formats) {
    const named = await get(`${one.links.result}?format=${format}`)
    assert.equal(named.status, 200, format)
    assert.match(named.text, beginnings[format] ?? /^$/)
    const accept = outputFormats[format].mediaType.split(';')[0] ?? ''
    assert.ok(named.headers['content-type']?.startsWith(accept), named.headers['content-type'])
    const negotiated = await get(one.links.result, { accept })
    assert.equal(negotiated.text, named.text, format)
  }
})

test('PAGE of several pages is requested page by page', async () => {
  await api.refused(422, 'invalid_request', 'GET', `${two.links.result}?format=page`)
  const second = await get(`${two.links.result}?format=page&page=2`)
  assert.match(second.text, /pcGtsId="page_2"/)
})

test('a PDF whose pages are gone is rejected, and the other formats are available', async () => {
  // Its workers reported another file than the one in the spool.
  await api.refused(404, 'input_unreadable', 'GET', `${two.links.result}?format=pdf`)
  assert.equal((await get(`${two.links.result}?format=hocr`)).status, 200)
})

test('an unchanged result is 304, and each format has its own ETag', async () => {
  const json = await get(one.links.result)
  const etag = json.headers['etag'] ?? ''
  assert.match(etag, /^"[0-9a-f]{32}"$/)
  for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await get(one.links.result, { 'if-none-match': given })
    assert.deepEqual([again.status, again.text, again.headers['etag']], [304, '', etag], given)
  }
  assert.equal((await get(one.links.result, { 'if-none-match': '"other"' })).status, 200)
  const text = await get(`${one.links.result}?format=txt`, { 'if-none-match': etag })
  assert.equal(text.status, 200)
})

test('the ETag changes with the reading', async () => {
  const bytes = await pngOf('results again')
  const { id, links } = await upload('again.png', bytes)
  await api.read(id, { text: 'first' })
  const before = (await get(links.result)).headers['etag'] ?? ''
  const force = formOf([{ name: 'again.png', bytes }], { force: true })
  await api.call('POST', '/v1/documents', { body: force })
  await api.read(id, { text: 'second' })
  const after = await get(`${links.result}?format=txt`, { 'if-none-match': before })
  assert.deepEqual([after.status, after.text], [200, 'second\n'])
})

test('the result of a failed document is 422 with the reason', async () => {
  const { id, links } = await upload('bad.png', await pngOf('results failed'))
  await api.refused(409, 'not_finished', 'GET', links.result)
  await api.fail(id)
  const { body } = await api.refused(422, 'corrupt_image', 'GET', links.result)
  assert.deepEqual([body.retryable, body.detail], [false, 'rejected: is damaged'])
})
