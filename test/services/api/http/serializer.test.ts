import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import { createSerializers } from '../../../../services/api/http/serializer.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'

test('response schemas are compiled before the first answer', async (t) => {
  const api = await startApi(t)
  const form = formOf([{ name: 'a.png', bytes: await pngOf('serializer') }])
  const { body } = await api.call<DocumentView>('POST', '/v1/documents', { body: form })
  const compile = mock.fn(globalThis.Function)
  const { Function: original } = globalThis
  globalThis.Function = compile
  t.after(() => (globalThis.Function = original))
  for (const path of [
    body.links.self,
    body.links.run,
    '/v1/documents',
    '/v1/runs',
    '/v1/search?q=a',
    '/v1/queue',
  ]) {
    assert.equal((await api.call('GET', path)).status, 200, path)
  }
  assert.equal(compile.mock.callCount(), 0)
})

test('values of a union are serialised unchanged, and identical schemas are compiled once', () => {
  const compiler = createSerializers()({}, {})
  const text = {
    anyOf: [
      { const: 'a', type: 'string' },
      { const: 'b', type: 'string' },
    ],
  }
  const box = { type: 'object', properties: { x: { type: 'number' } }, additionalProperties: false }
  const schema = {
    type: 'object',
    properties: {
      text,
      textOrNull: { anyOf: [text, { type: 'null' }] },
      turn: {
        anyOf: [
          { const: 0, type: 'number' },
          { const: 90, type: 'number' },
        ],
      },
      box: { anyOf: [box, { type: 'null' }] },
      either: { anyOf: [{ type: 'number' }, box] },
    },
  }
  const route = { schema, method: 'GET', url: '/', httpStatus: '200' }
  const write = compiler(route)
  const full = { text: 'a', textOrNull: 'b', turn: 90, box: { x: 1 }, either: { x: 2 } }
  for (const value of [full, { ...full, textOrNull: null, box: null, either: 3 }])
    assert.deepEqual(JSON.parse(write(value)), value)
  const more = { ...full, box: { x: 1, secret: 'no' } }
  assert.deepEqual(JSON.parse(write(more)), full, 'fields outside of the schema are dropped')
  assert.equal(compiler({ ...route, schema: structuredClone(schema) }), write)
})
