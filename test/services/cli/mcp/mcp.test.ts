import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import { createMcpTools } from '../../../../services/cli/mcp/server.ts'
import { createServiceClient } from '../../../../services/cli/mcp/service-client.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { cleanEnvironment, startProgram } from '../../../helpers/processes/processes.ts'

const api = await startApi({ after })
api.startAggregator()
const body = formOf([{ name: 'letter.png', bytes: await pngOf('letter') }])
const letter = (await api.call<DocumentView>('POST', '/v1/documents', { body })).body
await api.read(letter.id, { text: 'The lighthouse keeper wrote' })

const damaged = formOf([{ name: 'damaged.png', bytes: await pngOf('damaged') }])
const broken = (await api.call<DocumentView>('POST', '/v1/documents', { body: damaged })).body
await api.fail(broken.id, 'corrupt_image')

/** The text of an answer, or of an error. */
interface Answer {
  result?: { isError?: boolean; content?: { text: string }[]; tools?: { name: string }[] }
  error?: { message: string }
}

/** Sends one request after the greeting. */
async function ask(method: string, params: object, maySubmit = false): Promise<Answer> {
  const client = {
    async text(path: string, query: Readonly<Record<string, unknown>> = {}): Promise<string> {
      const given = Object.entries(query).filter(([, value]) => value !== undefined)
      const search = new URLSearchParams(
        Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
      )
      const { body: found } = await api.call('GET', `${path}?${search.toString()}`)
      return typeof found === 'string' ? found : JSON.stringify(found)
    },
    upload: (file: string) => Promise.resolve(file),
  }
  const server = createMcpTools(client, { maySubmit })
  const [near, far] = InMemoryTransport.createLinkedPair()
  const answers = new Map<unknown, PromiseWithResolvers<Answer>>()
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport is no event target
  near.onmessage = (message) => {
    if ('id' in message) answers.get(message.id)?.resolve(message as Answer)
  }
  await server.connect(far)
  await near.start()
  const send = async (id: number, name: string, given: object): Promise<Answer> => {
    const answer = Promise.withResolvers<Answer>()
    answers.set(id, answer)
    await near.send({ jsonrpc: '2.0', id, method: name, params: { ...given } })
    return answer.promise
  }
  await send(1, 'initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  })
  await near.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  const answer = await send(2, method, params)
  await server.close()
  return answer
}

const call = (name: string, given: object) => ask('tools/call', { name, arguments: given })
const textOf = ({ result }: Answer): string => result?.content?.[0]?.text ?? ''
const namesOf = ({ result }: Answer) => result?.tools?.map(({ name }) => name)

test('the tools only read, unless submissions are allowed', async () => {
  const reading = ['search', 'read_page', 'list_failures']
  assert.deepEqual(namesOf(await ask('tools/list', {})), reading)
  assert.deepEqual(namesOf(await ask('tools/list', {}, true)), [...reading, 'submit'])
  const refused = await call('submit', { file: 'a.png' })
  assert.match(refused.error?.message ?? textOf(refused), /submit/)
})

test('a page is found by its words, and read', async () => {
  const { items } = JSON.parse(textOf(await call('search', { q: 'lighthouse' })))
  assert.deepEqual([items.length, items[0].documentId, items[0].words], [1, letter.id, undefined])
  const text = textOf(await call('read_page', { documentId: letter.id, page: 1, format: 'txt' }))
  assert.match(text, /The lighthouse keeper wrote/)
})

test('failures are listed, and invalid arguments are named', async () => {
  const failures = JSON.parse(textOf(await call('list_failures', {})))
  assert.deepEqual(
    [failures.length, failures[0].documentId, failures[0].name, failures[0].error.code],
    [1, broken.id, 'damaged.png', 'corrupt_image'],
  )
  const answer = await call('search', { q: 'x', limit: 'many' })
  assert.equal(answer.result?.isError, true)
  assert.match(textOf(answer), /limit must be integer/)
})

test('a missing service is named with the cure', async () => {
  const client = createServiceClient('http://127.0.0.1:9', undefined)
  await assert.rejects(
    client.text('/v1/search'),
    /no Scriptorium answers at http:\/\/127\.0\.0\.1:9 .*npx scriptorium serve/,
  )
})

test('the command ends when its input ends', async (t) => {
  const environment = cleanEnvironment(makeFolder(t))
  const { code, stdout, stderr } = await startProgram('scripts/scriptorium.js', ['mcp'], {
    environment,
  }).ended
  assert.deepEqual([code, stdout, stderr], [0, '', ''])
})
