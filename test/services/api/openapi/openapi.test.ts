import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { scopes } from '../../../../services/api/http/auth.ts'
import { startApi } from '../../../helpers/api/api.ts'
import { repository } from '../../../helpers/processes/processes.ts'

interface Response {
  $ref?: string
  description?: string
  content?: Record<string, { schema?: object }>
}

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: { token?: string[] }[]
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[]
  requestBody?: { content: Record<string, { schema?: object }> }
  responses: Record<string, Response>
}

interface Description {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; responses: Record<string, Response> }
  tags: { name: string }[]
}

const api = await startApi({ after })
const { body: description } = await api.call<Description>('GET', '/openapi.json')
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

function responseOf({ responses }: Operation, status: string): Response | undefined {
  const response = responses[status]
  const name = response?.$ref?.split('/').at(-1)
  return name === undefined ? response : description.components.responses[name]
}

test('docs/openapi.json is up to date; `npm run openapi` writes it', () => {
  const file = join(repository, 'docs/openapi.json')
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), description)
})

test('every route has an operation id, summary, tag, and a schema for each answer', () => {
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
      const failed = statuses.filter((status) => Number(status) >= 400)
      for (const status of ['400', '401', '403', '500', '503']) {
        assert.ok(failed.includes(status), `${name} ${status}`)
      }
      for (const status of failed) {
        const content = responseOf(operation, status)?.content ?? {}
        assert.deepEqual(Object.keys(content), ['application/problem+json'], `${name} ${status}`)
      }
    }
    for (const status of statuses) {
      assert.match(status, /^[2-5]\d\d$/, name)
      const { content, description: text } = responseOf(operation, status) ?? {}
      assert.ok(text !== undefined && text !== 'Default Response', `${name} ${status}`)
      if (status === '204' || status === '304') continue
      const schemas = Object.values(content ?? {})
      assert.ok(schemas.length > 0 && schemas.every(({ schema }) => schema), `${name} ${status}`)
    }
    if (
      ['post', 'put'].includes(method) &&
      !/\{id\}\/(cancel|resume|retry|retry-failed|retry-warned)$/.test(path)
    ) {
      const schemas = Object.values(operation.requestBody?.content ?? {})
      assert.ok(schemas.length > 0 && schemas.every(({ schema }) => schema), name)
    }
    for (const [, id] of path.matchAll(/\{(\w+)\}/g)) {
      const parameter = operation.parameters?.find((given) => given.name === id)
      assert.deepEqual([parameter?.in, parameter?.required], ['path', true], name)
    }
  }
})

test('every route declares its scope', () => {
  for (const { path, method, operation } of operations) {
    const [requirement] = operation.security ?? [{ token: ['undeclared'] }]
    const isOpen = ['/livez', '/readyz', '/version'].includes(path)
    if (path === '/v1/blobs/{job}') {
      assert.deepEqual(requirement, { jobToken: [] })
      continue
    }
    const scope = requirement?.token?.[0] ?? ''
    const name = `${method} ${path}: ${scope}`
    if (isOpen) assert.equal(requirement, undefined, name)
    else if (path === '/v1/caller') assert.deepEqual(requirement?.token, [], 'any token may ask')
    else
      assert.ok(
        scopes.some((known) => known === scope),
        name,
      )
  }
})

test('every reference resolves, and all errors have one schema', () => {
  const text = JSON.stringify(description)
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference]) => reference ?? '',
  )
  assert.ok(references.length > 0)
  for (const reference of new Set(references)) {
    const [, kind, name = ''] = /^#\/components\/(schemas|responses)\/(\w+)$/.exec(reference) ?? []
    assert.ok(kind === 'schemas' || kind === 'responses', reference)
    assert.ok(name in description.components[kind], reference)
  }
  for (const name of ['Document', 'Problem', 'Run', 'Upload', 'Recipe', 'Result', 'Report']) {
    assert.ok(name in description.components.schemas, name)
  }
})

test('every documented route exists', () => {
  const wanted = [
    'post /v1/documents',
    'get /v1/documents',
    'get /v1/documents/{id}',
    'delete /v1/documents/{id}',
    'get /v1/documents/{id}/result',
    'get /v1/documents/{id}/pages/{page}/image',
    'get /v1/documents/{id}/pages/{page}/text',
    'put /v1/documents/{id}/pages/{page}/text',
    'get /v1/documents/{id}/revisions',
    'get /v1/review',
    'get /v1/documents/{id}/events',
    'post /v1/documents/{id}/cancel',
    'post /v1/documents/{id}/retry',
    'post /v1/documents/check',
    'post /v1/runs',
    'get /v1/roots',
    'get /v1/runs',
    'get /v1/runs/{id}',
    'get /v1/runs/{id}/documents',
    'get /v1/runs/{id}/results',
    'get /v1/runs/{id}/failures',
    'get /v1/runs/{id}/report',
    'get /v1/runs/{id}/events',
    'post /v1/runs/{id}/cancel',
    'post /v1/runs/{id}/resume',
    'post /v1/runs/{id}/retry-failed',
    'post /v1/runs/{id}/retry-warned',
    'get /v1/blobs/{job}',
    'get /v1/caller',
    'get /v1/search',
    'get /v1/languages',
    'get /v1/workers',
    'get /v1/queue',
    'put /v1/queue',
    'get /v1/fleet/history',
    'get /v1/events',
    'post /v1/webhooks',
    'get /v1/tokens',
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

test('each form of upload is described', () => {
  const upload = description.paths['/v1/documents']?.['post']
  assert.deepEqual(Object.keys(upload?.requestBody?.content ?? {}).toSorted(), [
    'application/json',
    'application/octet-stream',
    'application/pdf',
    'image/*',
    'multipart/form-data',
  ])
})

test('the interactive documentation is served', async () => {
  const { status, headers } = await api.call('GET', '/docs')
  assert.equal(status, 200)
  assert.match(headers['content-type'] ?? '', /^text\/html/)
})
