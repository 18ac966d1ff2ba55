import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import type { RunView } from '../../../../services/api/schemas/run.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { waitFor } from '../../../helpers/wait.ts'

const api = await startApi({ after })
api.startAggregator()
let seeds = 0

interface List {
  items: DocumentView[]
  nextCursor: string | null
}

const newPage = (): Promise<Buffer> => pngOf(`documents ${(seeds += 1)}`)

async function upload(options?: object, given?: Buffer): Promise<DocumentView> {
  const form = formOf([{ name: 'a.png', bytes: given ?? (await newPage()) }], options)
  return (await api.call<DocumentView>('POST', '/v1/documents', { body: form })).body
}

const get = async (id: string): Promise<DocumentView> =>
  (await api.call<DocumentView>('GET', `/v1/documents/${id}`)).body

const list = async (query: string): Promise<List> =>
  (await api.call<List>('GET', `/v1/documents?${query}`)).body

const idsOf = ({ items }: List): string[] => items.map(({ id }) => id)

test('an unknown id is 404 on every route', async () => {
  const asked = [
    ['GET', '/v1/documents/nothing'],
    ['GET', '/v1/documents/nothing/result'],
    ['GET', '/v1/documents/nothing/events'],
    ['POST', '/v1/documents/nothing/cancel'],
    ['POST', '/v1/documents/nothing/retry'],
    ['DELETE', '/v1/documents/nothing'],
  ] as const
  for (const [method, url] of asked) await api.refused(404, 'unknown_document', method, url)
})

test('an accepted document is known before the aggregator records it', async (t) => {
  const own = await startApi(t)
  const form = formOf([{ name: 'early.png', bytes: await newPage() }], { tag: 'early' })
  const sent = await own.call<DocumentView>('POST', '/v1/documents', { body: form })
  const { status, headers, body } = await own.call<DocumentView>('GET', sent.body.links.self)
  assert.equal(status, 200)
  assert.deepEqual(body, sent.body)
  assert.deepEqual([body.status, body.position, body.tag], ['queued', 0, 'early'])
  assert.ok(headers['retry-after'])
  await own.refused(409, 'not_finished', 'GET', sent.body.links.result)
  await own.refused(409, 'not_finished', 'DELETE', sent.body.links.self)
  await own.refused(409, 'not_finished', 'POST', `${sent.body.links.self}/retry`)
  const run = await own.call<RunView>('GET', sent.body.links.run)
  const { state, counts, tag } = run.body
  assert.deepEqual([run.status, state, counts, tag], [200, 'active', { open: 1 }, 'early'])
  // Its documents are not in the ledger yet.
  await own.refused(503, 'aggregator_missing', 'GET', run.body.links.documents)
})

test('position and eta count earlier jobs, interactive ones before bulk', async (t) => {
  const own = await startApi(t)
  const send = async (seed: string, priority: string): Promise<DocumentView> => {
    const form = formOf([{ name: 'p.png', bytes: await pngOf(seed) }], { priority })
    return (await own.call<DocumentView>('POST', '/v1/documents', { body: form })).body
  }
  const bulk = await send('eta 1', 'bulk')
  const first = await send('eta 2', 'interactive')
  const second = await send('eta 3', 'interactive')
  const sign = { pid: 1, host: 'h', version: '1', isLedgerWritable: true, pagesPerMinute: 30 }
  await own.context.redis.set(own.context.keys.aggregator, JSON.stringify(sign))
  const seen = async ({ links }: DocumentView) => {
    const { body } = await own.call<DocumentView>('GET', links.self)
    return [body.position, body.etaSeconds]
  }
  assert.deepEqual(await seen(first), [0, 2])
  assert.deepEqual(await seen(second), [1, 4])
  assert.deepEqual(await seen(bulk), [2, 6])
})

test('wait answers at the end of the document, or at its timeout', async () => {
  const { id, links } = await upload()
  const late = await api.call<DocumentView>('GET', `${links.self}?wait=1`)
  assert.deepEqual([late.body.status, late.body.outcome], ['queued', null])
  const waiting = api.call<DocumentView>('GET', `${links.self}?wait=30`)
  await api.read(id)
  const { body, headers } = await waiting
  assert.deepEqual(
    [body.status, body.outcome, body.progress.pagesDone],
    ['finished', 'succeeded', 1],
  )
  assert.equal(headers['retry-after'], undefined)
  assert.ok(Date.parse(body.expiresAt ?? '') > Date.now(), 'it says when it goes')
})

test('lists are filtered by outcome, tag, status and run', async () => {
  const [read, failed, open] = [
    await upload({ tag: 'listed' }),
    await upload({ tag: 'listed' }),
    await upload({ tag: 'listed' }),
  ]
  await api.read(read.id)
  await api.fail(failed.id)
  // Documents accepted within the same millisecond are in either order.
  const all = [open.id, failed.id, read.id].toSorted()
  assert.deepEqual(idsOf(await list('tag=listed')).toSorted(), all)
  assert.deepEqual(idsOf(await list('tag=listed&outcome=succeeded')), [read.id])
  assert.deepEqual(idsOf(await list('tag=listed&outcome=rejected')), [failed.id])
  assert.deepEqual(idsOf(await list('tag=listed&status=finished')), [failed.id, read.id])
  assert.deepEqual(idsOf(await list('tag=listed&status=queued')), [open.id])
  assert.deepEqual(idsOf(await list('tag=listed&status=reading')), [])
  assert.deepEqual(idsOf(await list(`run=${failed.runId}`)), [failed.id])
  assert.deepEqual(idsOf(await list('run=nothing')), [])
  assert.deepEqual(idsOf(await list('tag=nobody')), [])
})

test('lists are filtered by a warning, and a document names those of its pages', async () => {
  const [clean, warned] = [await upload({ tag: 'warned' }), await upload({ tag: 'warned' })]
  await api.read(clean.id)
  await api.read(warned.id, { warnings: [{ code: 'text_missed', message: '9 %' }] })
  assert.deepEqual(idsOf(await list('tag=warned&warning=text_missed')), [warned.id])
  assert.deepEqual(idsOf(await list('tag=warned&warning=reading_given_up')), [])
  const { body } = await api.call<DocumentView>('GET', warned.links.self)
  assert.deepEqual(body.warnings, ['text_missed'])
  await api.refused(400, 'malformed_request', 'GET', '/v1/documents?warning=blurred')
  await api.refused(409, 'already_finished', 'POST', `/v1/documents/${warned.id}/retry`)
})

test('a document whose reading was given up can be retried, and its text gets better', async () => {
  const { id, links } = await upload()
  await api.read(id, { text: 'poor', warnings: [{ code: 'reading_given_up', message: 'late' }] })
  const { body, status } = await api.call<DocumentView>('POST', `/v1/documents/${id}/retry`)
  assert.deepEqual([status, body.status, body.warnings], [202, 'queued', []])
  await api.read(id, { text: 'whole' })
  const result = await api.call<string>('GET', `${links.result}?format=txt`)
  assert.match(result.text, /whole/)
  const seen = await api.call<DocumentView>('GET', links.self)
  assert.deepEqual([seen.body.outcome, seen.body.warnings], ['succeeded', []])
})

test('pagination returns every document once, while others are added', async () => {
  const ids = new Set<string>()
  for (let index = 0; index < 7; index += 1) ids.add((await upload({ tag: 'walked' })).id)
  for (const id of ids) await api.read(id)
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const page: List = await list(`tag=walked&limit=2${query}`)
    assert.ok(page.items.length <= 2)
    seen.push(...idsOf(page))
    cursor = page.nextCursor
    const { id } = await upload({ tag: 'walked' })
    await api.read(id)
  } while (cursor !== null)
  assert.equal(new Set(seen).size, seen.length, 'none twice')
  assert.deepEqual(seen.toSorted(), [...ids].toSorted())
})

test('an invalid query is 400 and names the parameter', async () => {
  const queries = [
    'limit=0',
    'limit=501',
    'limit=many',
    'status=lost',
    'outcome=fine',
    'cursor=nonsense',
    `cursor=${Buffer.from('{"time":"2026-01-01","id":"r"}').toString('base64url')}`,
    `cursor=${Buffer.from('{"time":-1,"id":"d"}').toString('base64url')}`,
    `tag=${'t'.repeat(201)}`,
  ]
  for (const query of queries) {
    const { body } = await api.refused(400, 'malformed_request', 'GET', `/v1/documents?${query}`)
    assert.equal(body.errors?.[0]?.path, `/${query.split('=')[0]}`)
  }
})

test('check reports the files that were read with a recipe', async () => {
  const bytes = await newPage()
  const { id } = await upload({}, bytes)
  const sha256 = hash('sha256', bytes)
  const check = async (recipe?: object) => {
    const documents = [{ sha256 }, { sha256: '0'.repeat(64) }]
    const { body } = await api.call<{ documents: object[] }>('POST', '/v1/documents/check', {
      body: { documents, ...(recipe && { recipe }) },
    })
    return body.documents
  }
  const unknown = { status: 'unknown', documentId: null }
  const other = { sha256: '0'.repeat(64), ...unknown }
  assert.deepEqual(await check(), [{ sha256, ...unknown }, other], 'not read yet')
  await api.read(id)
  assert.deepEqual(await check(), [{ sha256, status: 'known', documentId: id }, other])
  assert.deepEqual(await check({ psm: 6 }), [{ sha256, ...unknown }, other])
  const bad = { body: { documents: [{ sha256: 'short' }] } }
  await api.refused(422, 'invalid_request', 'POST', '/v1/documents/check', bad)
  const many = { body: { documents: Array.from({ length: 1_001 }, () => ({ sha256 })) } }
  await api.refused(422, 'invalid_request', 'POST', '/v1/documents/check', many)
})

test('a queued document is cancelled, even immediately, and can be retried', async () => {
  const { id, links } = await upload()
  const cancelled = await api.call<DocumentView>('POST', `${links.self}/cancel`)
  assert.deepEqual(
    [cancelled.status, cancelled.body.status, cancelled.body.outcome],
    [200, 'finished', 'cancelled'],
  )
  await api.refused(409, 'already_finished', 'POST', `${links.self}/cancel`)
  await api.refused(409, 'cancelled', 'GET', links.result)
  const retried = await api.call<DocumentView>('POST', `${links.self}/retry`)
  assert.deepEqual([retried.status, retried.body.status], [202, 'queued'])
  await api.read(id)
  assert.equal((await get(id)).outcome, 'succeeded')
})

test('a retry skips finished documents and reads failed ones', async () => {
  const { id, links } = await upload()
  await api.refused(409, 'not_finished', 'POST', `${links.self}/retry`)
  await api.fail(id)
  assert.equal((await api.call('POST', `${links.self}/retry`)).status, 202)
  await api.read(id)
  await api.refused(409, 'already_finished', 'POST', `${links.self}/retry`)
})

test('a deleted document is gone with its input, run and result, and can be submitted again', async () => {
  const bytes = await newPage()
  const input = join(api.spool.inputs, hash('sha256', bytes))
  const { id, links } = await upload({}, bytes)
  await api.refused(409, 'not_finished', 'DELETE', links.self)
  await api.read(id)
  assert.ok(existsSync(input))
  const deleted = await api.call('DELETE', links.self)
  assert.deepEqual([deleted.status, deleted.text], [204, ''])
  assert.ok(!existsSync(input))
  await api.refused(404, 'unknown_document', 'GET', links.self)
  await api.refused(404, 'unknown_document', 'GET', links.result)
  await api.refused(404, 'unknown_document', 'DELETE', links.self)
  await api.refused(404, 'unknown_run', 'GET', links.run)
  const again = await upload({}, bytes)
  assert.deepEqual([again.id, again.status], [id, 'queued'])
  const { redis, keys } = api.context
  const jobId = api.ledger.documents.get(id)?.jobId ?? ''
  assert.equal(await redis.exists(keys.done(jobId)), 0, 'no worker takes it for done')
  await api.read(id)
  assert.equal((await get(id)).outcome, 'succeeded')
})

test('an expired document is 410, and its record stays', async (t) => {
  const own = await startApi(t, { SCRIPTORIUM_RETENTION: '1s' })
  own.startAggregator()
  const form = formOf([{ name: 'old.png', bytes: await newPage() }])
  const { id, links } = (await own.call<DocumentView>('POST', '/v1/documents', { body: form })).body
  await own.read(id)
  const { body } = await own.call<DocumentView>('GET', links.self)
  assert.equal(Date.parse(body.expiresAt ?? '') - Date.parse(body.finishedAt ?? ''), 1_000)
  await waitFor('it has expired', () => own.ledger.documents.get(id)?.expiredAt != null)
  assert.equal((await own.call<DocumentView>('GET', links.self)).body.outcome, 'succeeded')
  await own.refused(410, 'expired', 'GET', links.result)
  await own.refused(410, 'expired', 'POST', `${links.self}/retry`)
  const again = await own.call<DocumentView>('POST', '/v1/documents', { body: form })
  assert.deepEqual([again.status, again.body.id], [202, id], 'it is read again')
})
