import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { scopes } from '../../../services/api/auth.ts'
import { startApi } from '../../helpers/api.ts'
import { repository } from '../../helpers/processes.ts'

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: { token: string[] }[]
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[]
  requestBody?: { content: Record<string, { schema?: object }> }
  responses: Record<string, { description?: string; content?: Record<string, { schema?: object }> }>
}

interface Description {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
  tags: { name: string }[]
}

const api = await startApi({ after })
const { body: description } = await api.call<Description>('GET', '/openapi.json')
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

test('docs/openapi.json is what the server says; `npm run openapi` writes it', () => {
  const file = join(repository, 'docs/openapi.json')
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), description)
})

test('every route is described: id, summary, tag, and a schema for each answer', () => {
  assert.equal(description.openapi, '3.1.0')
  const ids = operations.map(({ operation }) => operation.operationId)
  assert.equal(new Set(ids).size, operations.length, 'ids are unique')
  const tags = new Set(description.tags.map(({ name }) => name))
  for (const { path, method, operation } of operations) {
    const name = `${method} ${path}`
    assert.ok(operation.operationId, name)
    assert.ok(operation.summary, name)
    assert.ok(operation.tags?.every((tag) => tags.has(tag)) && operation.tags.length === 1, name)
    const statuses = Object.keys(operation.responses)
    assert.ok(
      statuses.some((status) => status.startsWith('2')),
      name,
    )
    if (path.startsWith('/v1/') || path === '/metrics') {
      for (const problems of ['4XX', '5XX']) {
        const content = operation.responses[problems]?.content ?? {}
        assert.deepEqual(Object.keys(content), ['application/problem+json'], `${name} ${problems}`)
      }
    }
    for (const [status, { content, description: text }] of Object.entries(operation.responses)) {
      assert.ok(text, `${name} ${status}`)
      if (status === '204' || status === '304') continue
      const schemas = Object.values(content ?? {})
      assert.ok(schemas.length > 0 && schemas.every(({ schema }) => schema), `${name} ${status}`)
    }
    if (['post', 'put'].includes(method) && !/\{id\}\/(cancel|retry|retry-failed)$/.test(path)) {
      const schemas = Object.values(operation.requestBody?.content ?? {})
      assert.ok(schemas.length > 0 && schemas.every(({ schema }) => schema), name)
    }
    for (const [, id] of path.matchAll(/\{(\w+)\}/g)) {
      const parameter = operation.parameters?.find((given) => given.name === id)
      assert.deepEqual([parameter?.in, parameter?.required], ['path', true], name)
    }
  }
})

test('every route says which scope it takes', () => {
  for (const { path, method, operation } of operations) {
    const [requirement] = operation.security ?? [{ token: ['undeclared'] }]
    const isOpen = ['/livez', '/readyz', '/version'].includes(path)
    const scope = requirement?.token[0] ?? ''
    const name = `${method} ${path}: ${scope}`
    if (isOpen) assert.equal(requirement, undefined, name)
    else
      assert.ok(
        scopes.some((known) => known === scope),
        name,
      )
  }
})

test('every reference leads somewhere, and what is refused has one shape', () => {
  const text = JSON.stringify(description)
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference]) => reference ?? '',
  )
  assert.ok(references.length > 0)
  for (const reference of new Set(references)) {
    const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(reference) ?? []
    assert.ok(name !== undefined && name in description.components.schemas, reference)
  }
  assert.deepEqual(Object.keys(description.components.schemas).toSorted(), [
    'Document',
    'Problem',
    'Run',
    'Upload',
  ])
})

test('the documented routes are all there', () => {
  const wanted = [
    'post /v1/documents',
    'get /v1/documents',
    'get /v1/documents/{id}',
    'delete /v1/documents/{id}',
    'get /v1/documents/{id}/result',
    'get /v1/documents/{id}/events',
    'post /v1/documents/{id}/cancel',
    'post /v1/documents/{id}/retry',
    'post /v1/documents/check',
    'post /v1/runs',
    'get /v1/runs',
    'get /v1/runs/{id}',
    'get /v1/runs/{id}/documents',
    'get /v1/runs/{id}/results',
    'get /v1/runs/{id}/report',
    'get /v1/runs/{id}/events',
    'post /v1/runs/{id}/cancel',
    'post /v1/runs/{id}/retry-failed',
    'get /v1/search',
    'get /v1/languages',
    'get /v1/workers',
    'get /v1/queue',
    'put /v1/queue',
    'post /v1/webhooks',
    'get /v1/webhooks',
    'delete /v1/webhooks/{id}',
    'get /v1/webhooks/{id}/deliveries',
    'post /v1/webhooks/{id}/redeliver',
    'get /livez',
    'get /readyz',
    'get /metrics',
    'get /version',
  ]
  const there = operations.map(({ path, method }) => `${method} ${path}`)
  assert.deepEqual(there.toSorted(), wanted.toSorted())
})

test('uploads are described in each of their forms', () => {
  const upload = description.paths['/v1/documents']?.['post']
  assert.deepEqual(Object.keys(upload?.requestBody?.content ?? {}).toSorted(), [
    'application/json',
    'application/pdf',
    'image/*',
    'multipart/form-data',
  ])
})

test('the page to read and try is served', async () => {
  const { status, headers } = await api.call('GET', '/docs')
  assert.equal(status, 200)
  assert.match(headers['content-type'] ?? '', /^text\/html/)
})
