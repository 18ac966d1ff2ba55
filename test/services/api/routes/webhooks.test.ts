import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { startReceiver } from '../../../helpers/api/receiver.ts'
import { waitFor } from '../../../helpers/wait.ts'

const api = await startApi({ after }, { SCRIPTORIUM_OUTBOUND_ALLOW: '127.0.0.1/32' })
api.startAggregator()

interface Webhook {
  id: string
  url: string
  events: string[]
  tag: string | null
  secret?: string
}

interface Delivery {
  id: string
  event: string
  state: string
  attempts: number
  lastStatus: number | null
  nextAt: string | null
}

const add = async (body: object): Promise<Webhook> =>
  (await api.call<Webhook>('POST', '/v1/webhooks', { body })).body

const deliveriesOf = async ({ id }: Webhook): Promise<Delivery[]> =>
  (await api.call<{ items: Delivery[] }>('GET', `/v1/webhooks/${id}/deliveries`)).body.items

async function finishOne(seed: string, tag: string): Promise<void> {
  const body = formOf([{ name: `${seed}.png`, bytes: await pngOf(`webhooks ${seed}`) }], { tag })
  const { id } = (await api.call<DocumentView>('POST', '/v1/documents', { body })).body
  await api.read(id)
}

test('a webhook is added with a secret that is shown once, listed and removed', async () => {
  const body = { url: 'https://example.org/hook', events: ['run.finished'], tag: 'box' }
  const added = await api.call<Webhook>('POST', '/v1/webhooks', { body })
  assert.equal(added.status, 201)
  assert.equal(added.headers['location'], `/v1/webhooks/${added.body.id}`)
  assert.ok((added.body.secret ?? '').length >= 32)
  const { id, url, events, tag } = added.body
  assert.deepEqual({ url, events, tag }, body)
  const listed = await api.call<{ items: Webhook[] }>('GET', '/v1/webhooks')
  assert.deepEqual(listed.body.items.find((webhook) => webhook.id === id)?.url, body.url)
  assert.ok(!listed.text.includes(added.body.secret ?? ''), 'the secret is not shown again')
  assert.equal((await api.call('DELETE', `/v1/webhooks/${id}`)).status, 204)
  await api.refused(404, 'unknown_webhook', 'DELETE', `/v1/webhooks/${id}`)
  await api.refused(404, 'unknown_webhook', 'GET', `/v1/webhooks/${id}/deliveries`)
  const again = { body: { deliveryId: 'x' } }
  await api.refused(404, 'unknown_webhook', 'POST', `/v1/webhooks/${id}/redeliver`, again)
})

test('credentials in a URL are rejected, and those of an earlier version are not shown', async () => {
  const body = { url: 'https://me:hunter2@example.org/hook' }
  await api.refused(422, 'invalid_request', 'POST', '/v1/webhooks', { body })
  api.ledger.webhooks.add({
    id: 'wold',
    url: body.url,
    events: ['run.finished'],
    tag: 'old',
    secret: 's',
    createdAt: new Date().toISOString(),
  })
  const listed = await api.call<{ items: Webhook[] }>('GET', '/v1/webhooks')
  const old = listed.body.items.find(({ id }) => id === 'wold')
  assert.equal(old?.url, 'https://***@example.org/hook')
  assert.ok(!listed.text.includes('hunter2'))
})

test('an invalid webhook is 422', async () => {
  const bodies = [
    {},
    { url: 'ftp://example.org' },
    { url: 'http://' },
    { url: 'https://example.org', events: [] },
    { url: 'https://example.org', events: ['everything'] },
    { url: 'https://example.org', secret: 'mine' },
  ]
  for (const body of bodies) {
    await api.refused(422, 'invalid_request', 'POST', '/v1/webhooks', { body })
  }
})

test('deliveries are listed page by page, and one can be redelivered', async (t) => {
  let status = 500
  const receiver = await startReceiver(t, (response) => void response.writeHead(status).end())
  const webhook = await add({ url: receiver.url, events: ['document.finished'], tag: 'told' })
  await finishOne('one', 'told')
  const [failed] = await waitFor('it was tried', async () => {
    const found = await deliveriesOf(webhook)
    return found[0]?.attempts === 1 && found
  })
  assert.deepEqual([failed?.state, failed?.lastStatus], ['due', 500])
  assert.ok(Date.parse(failed?.nextAt ?? '') > Date.now())
  status = 204
  const url = `/v1/webhooks/${webhook.id}/redeliver`
  const again = { body: { deliveryId: failed?.id } }
  assert.equal((await api.call('POST', url, again)).status, 202)
  await waitFor('it is taken', async () => (await deliveriesOf(webhook))[0]?.state === 'delivered')
  await api.refused(404, 'unknown_webhook', 'POST', url, { body: { deliveryId: 'other' } })

  await finishOne('two', 'told')
  await finishOne('three', 'told')
  await finishOne('untold', 'another tag')
  await waitFor('all are told', async () => (await deliveriesOf(webhook)).length === 3)
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const page: { body: { items: Delivery[]; nextCursor: string | null } } = await api.call(
      'GET',
      `/v1/webhooks/${webhook.id}/deliveries?limit=1${query}`,
    )
    seen.push(...page.body.items.map(({ id }) => id))
    cursor = page.body.nextCursor
  } while (cursor !== null)
  assert.deepEqual(
    seen,
    (await deliveriesOf(webhook)).map(({ id }) => id),
  )
})
