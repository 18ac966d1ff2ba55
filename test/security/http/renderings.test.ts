import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { objectStreamBomb, vastGif } from '../../helpers/pages/bombs.ts'
import { formOf, startApi, type Api } from '../../helpers/api/api.ts'
import { drawing } from '../../helpers/pages/drawing.ts'
import type { Ending } from '../../helpers/folder.ts'
import { headOf, openRaw } from '../../helpers/api/raw-client.ts'
import { waitFor } from '../../helpers/wait.ts'

const mebibyte = 2 ** 20

/** An API that listens. Its clients close first, because its own close waits for them. */
async function listen(t: TestContext, given: Record<string, string> = {}) {
  const ends: (() => unknown)[] = []
  t.after(() => ends.forEach((end) => end()))
  const clients: Ending = { after: (end) => void ends.push(end) }
  const api = await startApi(t, {
    SCRIPTORIUM_DECODE_MEMORY: String(160 * mebibyte),
    ...given,
  })
  api.startAggregator()
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = api.app.server.address() as AddressInfo
  return { api, get: (url: string) => openRaw(clients, port, headOf(`GET ${url}`)) }
}

async function readDocument(api: Api, name: string, bytes: Buffer): Promise<DocumentView> {
  const { body } = await api.call<DocumentView>('POST', '/v1/documents', {
    body: formOf([{ name, bytes }]),
  })
  await api.read(body.id, { text: `text of ${name}` })
  return body
}

/** A JPEG of this many bytes: data after its image belongs to it. */
const longJpeg = async (bytes: number): Promise<Buffer> =>
  Buffer.concat([await drawing().jpeg().toBuffer(), randomBytes(bytes)])

const usedOf = (api: Api): number =>
  api.context.limits.figures().find(({ name }) => name === 'renderings')?.used ?? -1

test('renderings are limited: a client that does not read its PDF holds a slot until it disconnects', async (t) => {
  const { api, get } = await listen(t, { SCRIPTORIUM_MAX_RENDERINGS: '1' })
  const { links } = await readDocument(api, 'long.jpg', await longJpeg(32 * mebibyte))
  const pdf = `${links.result}?format=pdf`
  const slow = await get(pdf)
  slow.socket.pause()
  await waitFor('it is being rendered', () => usedOf(api) === 1)
  const { headers } = await api.refused(503, 'service_busy', 'GET', pdf)
  assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/)
  assert.equal((await api.call('GET', `${links.result}?format=txt`)).status, 200)
  slow.socket.destroy()
  await waitFor('its place is free', () => usedOf(api) === 0)
  const whole = await api.call('GET', pdf)
  assert.equal(whole.status, 200)
  assert.match(whole.text, /%%EOF\n$/)
})

test('a client that disconnects aborts its rendering; too large ones are rejected, and the API survives', async (t) => {
  const { api, get } = await listen(t)
  const bomb = await readDocument(api, 'bomb.pdf', objectStreamBomb(150e6))
  const before = process.resourceUsage().maxRSS
  const gone = await get(`${bomb.links.result}?format=pdf`)
  await waitFor('it is being rendered', () => usedOf(api) === 1)
  gone.socket.destroy()
  await waitFor('its rendering has ended', () => usedOf(api) === 0)
  const refusals = [bomb, await readDocument(api, 'vast.gif', vastGif())]
  for (const { links } of refusals)
    await api.refused(422, 'too_much_memory', 'GET', `${links.result}?format=pdf`)
  const png = await readDocument(api, 'small.png', await drawing().png().toBuffer())
  assert.match((await api.call('GET', `${png.links.result}?format=pdf`)).text, /^%PDF-/)
  const grown = (process.resourceUsage().maxRSS - before) / 1_024
  assert.ok(grown < 150, `this process has grown by ${grown} MiB`)
})
