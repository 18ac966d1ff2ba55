import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import type { EventSourceMessage } from 'eventsource-parser/stream'
import { createClient } from '../../../../scripts/client/client.ts'
import { createReporter } from '../../../../shared/redis/result-stream.ts'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import type { RunView } from '../../../../services/api/schemas/run.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { waitFor } from '../../../helpers/wait.ts'

const api = await startApi({ after })
api.startAggregator()
await api.app.listen({ host: '127.0.0.1', port: 0 })
const { port } = api.app.server.address() as AddressInfo
const address = `http://127.0.0.1:${port}`
const client = createClient(address)
const { redis, keys } = api.context
const reporter = createReporter(redis, keys)
let seeds = 0

async function upload(count = 1): Promise<DocumentView[]> {
  const files = Array.from({ length: count }, async () => {
    seeds += 1
    return { name: `${seeds}.png`, bytes: await pngOf(`events ${seeds}`) }
  })
  const body = formOf(await Promise.all(files))
  const { body: sent } = await api.call<DocumentView & { documents?: DocumentView[] }>(
    'POST',
    '/v1/documents',
    { body },
  )
  return sent.documents ?? [sent]
}

async function uploadOne(): Promise<DocumentView> {
  const [document] = await upload()
  assert.ok(document)
  return document
}

/** Follows to the end. `onEvent` may make the next thing happen. */
async function follow(
  { links }: { links: { events: string } },
  lastEventId?: string,
  onEvent: (message: EventSourceMessage, index: number) => unknown = () => undefined,
): Promise<EventSourceMessage[]> {
  const messages: EventSourceMessage[] = []
  for await (const message of client.follow(links, { ...(lastEventId && { lastEventId }) })) {
    messages.push(message)
    await onEvent(message, messages.length)
  }
  return messages
}

const kinds = (messages: readonly EventSourceMessage[]) => messages.map(({ event }) => event)
const idOf = (message: EventSourceMessage | undefined): string => message?.id ?? ''
const tell = (document: DocumentView, type: 'started' | 'page', page: number) =>
  reporter.tell(document.runId, {
    type,
    documentId: document.id,
    page,
    pagesTotal: 2,
    at: new Date().toISOString(),
  })

test("a document's events start with its status and finish with its end", async () => {
  const document = await uploadOne()
  const messages = await follow(document, undefined, async (_, index) => {
    if (index === 1) tell(document, 'started', 1)
    if (index === 2) await api.read(document.id)
  })
  assert.deepEqual(kinds(messages), ['document', 'started', 'finished'])
  const [first, started, finished] = messages.map(({ data }) => JSON.parse(data) as DocumentView)
  assert.deepEqual([first?.id, first?.status], [document.id, 'queued'])
  assert.equal((started as { page?: number } | undefined)?.page, 1)
  assert.deepEqual([finished?.status, finished?.outcome], ['finished', 'succeeded'])
})

test('the end of an ended document is sent at once', async () => {
  const document = await uploadOne()
  await api.read(document.id)
  const messages = await follow(document)
  assert.deepEqual(kinds(messages), ['document', 'finished'])
  await redis.del(keys.events(document.runId))
  assert.deepEqual(kinds(await follow(document)), ['document', 'finished'], 'also without a stream')
})

test('a reconnecting client gets the missed events, and 204 when there are none', async () => {
  const document = await uploadOne()
  const whole = await follow(document, undefined, async (_, index) => {
    if (index === 1) tell(document, 'started', 1)
    if (index === 2) tell(document, 'page', 1)
    if (index === 3) await api.read(document.id)
  })
  assert.deepEqual(kinds(whole), ['document', 'started', 'page', 'finished'])
  assert.deepEqual(kinds(await follow(document, idOf(whole[1]))), ['page', 'finished'])
  assert.deepEqual(kinds(await follow(document, idOf(whole[2]))), ['finished'])
  const headers = { 'last-event-id': idOf(whole[3]) }
  const nothing = await fetch(address + document.links.events, { headers })
  assert.deepEqual([nothing.status, await nothing.text()], [204, ''])
})

test('a reconnecting client gets the end even after Redis was wiped', async () => {
  const document = await uploadOne()
  const seen = await follow(document, undefined, async (_, index) => {
    if (index === 1) tell(document, 'started', 1)
    if (index === 2) await api.read(document.id)
  })
  await redis.del(keys.events(document.runId))
  const again = await follow(document, idOf(seen[1]))
  assert.deepEqual(kinds(again), ['finished'])
  const headers = { 'last-event-id': idOf(again[0]) }
  assert.equal((await fetch(address + document.links.events, { headers })).status, 204)
})

test('the end of an earlier reading does not end the stream of a new one', async () => {
  const document = await uploadOne()
  const first = await follow(document, undefined, async (_, index) => {
    if (index === 1) tell(document, 'started', 1)
    if (index === 2) await api.fail(document.id)
  })
  assert.deepEqual(kinds(first), ['document', 'started', 'finished'])
  await api.call('POST', `${document.links.self}/retry`)
  const again = await follow(document, idOf(first[1]), async (_, index) => {
    if (index === 1) tell(document, 'started', 1)
    if (index === 2) await api.read(document.id)
  })
  assert.deepEqual(kinds(again), ['document', 'started', 'finished'])
  const [standing, , end] = again.map(({ data }) => JSON.parse(data) as DocumentView)
  assert.deepEqual([standing?.status, end?.outcome], ['queued', 'succeeded'])
})

test('an invalid Last-Event-ID is ignored', async () => {
  const document = await uploadOne()
  await api.read(document.id)
  for (const last of ['yesterday', '1', '1-2-3', '-1-0', `${'9'.repeat(17)}-0`]) {
    assert.deepEqual(kinds(await follow(document, last)), ['document', 'finished'], last)
  }
})

test('a stream has a request id, is not cached, and opens before its first event', async () => {
  const document = await uploadOne()
  const stopping = new AbortController()
  const response = await fetch(address + document.links.events, {
    headers: { 'last-event-id': `${Date.now()}-0`, 'x-request-id': 'follow-1' },
    signal: stopping.signal,
  })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('x-request-id'), 'follow-1')
  stopping.abort()
  await api.read(document.id)
})

test('the events of a run include each of its documents, without gaps after a reconnect', async () => {
  const documents = await upload(6)
  const { body: run } = await api.call<RunView>('GET', documents[0]?.links.run ?? '')
  const reading = follow(run, undefined, (_, index) => {
    if (index === 1) for (const { id } of documents) void api.read(id)
  })
  const whole = (await reading).filter(({ id }) => id !== undefined)
  const ended = whole.filter(({ event }) => event === 'document')
  assert.deepEqual(
    ended.map(({ data }) => (JSON.parse(data) as { documentId: string }).documentId).toSorted(),
    documents.map(({ id }) => id).toSorted(),
  )
  assert.equal(whole.at(-1)?.event, 'finished')
  assert.equal((JSON.parse(whole.at(-1)?.data ?? '') as RunView).state, 'finished')
  for (const [index, { id }] of whole.entries()) {
    const rest = await follow(run, id)
    assert.deepEqual(rest, whole.slice(index + 1), `from ${id}`)
  }
  const headers = { 'last-event-id': idOf(whole.at(-1)) }
  assert.equal((await fetch(address + run.links.events, { headers })).status, 204)
})

test('the end of an ended run is sent at once', async () => {
  const documents = await upload(2)
  for (const { id } of documents) await api.read(id)
  const { body: run } = await waitFor('the run is over', async () => {
    const answer = await api.call<RunView>('GET', documents[0]?.links.run ?? '')
    return answer.body.finishedAt !== null && answer
  })
  assert.deepEqual(kinds(await follow(run)), ['progress', 'finished'])
})

test('streams end when the service stops', async (t) => {
  const own = await startApi(t)
  await own.app.listen({ host: '127.0.0.1', port: 0 })
  const its = own.app.server.address() as AddressInfo
  const body = formOf([{ name: 'a.png', bytes: await pngOf('stopped') }])
  const { links } = (await own.call<DocumentView>('POST', '/v1/documents', { body })).body
  const response = await fetch(`http://127.0.0.1:${its.port}${links.events}`)
  const text = response.text()
  own.stop()
  assert.match(await text, /^event: document$/m)
})
