import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isNode, type Node } from '../../../../services/api/openapi/components.ts'
import type { Problem } from '../../../../services/api/schemas/common.ts'
import { startApi } from '../../../helpers/api/api.ts'
import { makeFolder } from '../../../helpers/folder.ts'

// The root that the examples name, as in docker-compose.yml.
const root = makeFolder({ after })
mkdirSync(join(root, 'in'))
const api = await startApi({ after }, { SCRIPTORIUM_ROOTS: `in=${join(root, 'in')}` })
api.startAggregator()
const { body: document } = await api.call<Node>('GET', '/openapi.json')

/** Errors about the form of a request, not about existing documents. */
const codesOfForm = new Set(['malformed_request', 'invalid_request', 'unsupported_media_type'])

const nodeAt = (node: Node, name: string): Node => {
  const found = node[name]
  return isNode(found) ? found : {}
}

const entriesOf = (node: Node): [string, Node][] =>
  Object.entries(node).filter((entry): entry is [string, Node] => isNode(entry[1]))

const operations = entriesOf(nodeAt(document, 'paths')).flatMap(([path, methods]) =>
  entriesOf(methods).map(([method, operation]) => ({ path, method, operation })),
)

const png = Buffer.from(
  /iVBORw0KGgo[A-Za-z0-9+/]+=*/.exec(JSON.stringify(document))?.[0] ?? '',
  'base64',
)

interface Given {
  name: string
  body?: unknown
  headers?: Record<string, string>
}

/** The example bodies of the page at /docs; files are supplied by the user. */
function bodiesOf(operation: Node): Given[] {
  const content = entriesOf(nodeAt(nodeAt(operation, 'requestBody'), 'content'))
  if (content.length === 0) return [{ name: 'no body' }]
  return content.flatMap(([type, media]): Given[] => {
    if (type === 'application/json') {
      const examples = entriesOf(nodeAt(media, 'examples')).map(([, { value }]) => value)
      const all = examples.length > 0 ? examples : [media['example']]
      return all.map((body) => ({ name: `${type} ${JSON.stringify(body).slice(0, 60)}`, body }))
    }
    if (type !== 'multipart/form-data') {
      return [{ name: type, body: png, headers: { 'content-type': type } }]
    }
    const schema = nodeAt(nodeAt(nodeAt(document, 'components'), 'schemas'), 'UploadForm')
    const { examples } = nodeAt(nodeAt(schema, 'properties'), 'options')
    const form = new FormData()
    form.append('files', new Blob([png]), 'page.png')
    form.append('options', Array.isArray(examples) ? String(examples[0]) : '')
    return [{ name: type, body: form }]
  })
}

/** The path and its parameters: those that are required, and with `isFull` the others, too. */
function requestOf(path: string, { parameters }: Node, isFull: boolean) {
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  let url = path
  for (const parameter of Array.isArray(parameters) ? parameters.filter(isNode) : []) {
    const { name, in: place, required, schema, example } = parameter
    const { examples } = isNode(schema) ? schema : {}
    const value = String(example ?? (Array.isArray(examples) ? examples[0] : ''))
    assert.notEqual(value, '', `${path} ${String(name)} has an example`)
    // No worker reads here: waiting for the end would time out.
    if ((required !== true && !isFull) || name === 'wait') continue
    if (place === 'path') url = url.replace(`{${String(name)}}`, encodeURIComponent(value))
    else if (place === 'query') query.set(String(name), value)
    else headers[String(name)] = value
  }
  return { url: query.size > 0 ? `${url}?${query.toString()}` : url, headers }
}

test('the documented examples of every route are valid requests', async () => {
  assert.ok(png.length > 50)
  writeFileSync(join(root, 'in', 'page.png'), png)
  let sent = 0
  for (const { path, method, operation } of operations) {
    if (path === '/v1/events') continue // It has no end.
    for (const isFull of [false, true]) {
      const { url, headers } = requestOf(path, operation, isFull)
      for (const { name, body, headers: more } of bodiesOf(operation)) {
        sent += 1
        const verb = method.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'DELETE'
        const answer = await api.call<Partial<Problem>>(verb, url, {
          body,
          headers: { ...headers, ...more },
        })
        const { code = '' } = answer.body
        assert.ok(!codesOfForm.has(code), `${method} ${url} ${name}: ${answer.text}`)
        assert.notEqual(answer.status, 400, `${method} ${url} ${name}: ${answer.text}`)
      }
    }
  }
  assert.ok(sent > 60, `${sent} requests were sent`)
})

test('an example of each way to upload a file is accepted', async () => {
  const upload = operations.find(({ operation }) => operation['operationId'] === 'submitDocuments')
  assert.ok(upload)
  const accepted: string[] = []
  for (const { name, body, headers = {} } of bodiesOf(upload.operation)) {
    const { status } = await api.call('POST', upload.path, { body, headers })
    if (status === 200 || status === 202) accepted.push(name.split(' ')[0] ?? '')
  }
  assert.deepEqual(accepted.toSorted(), [
    'application/json',
    'application/octet-stream',
    'application/pdf',
    'image/*',
    'multipart/form-data',
  ])
})
