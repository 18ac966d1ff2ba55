import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify, { type InjectOptions } from 'fastify'
import { installMethodGuard } from '../../../../services/api/http/method-guard.ts'

const app = fastify({ exposeHeadRoutes: false })
installMethodGuard(app)
const handler = async () => 'here'
app.get('/things', handler)
app.post('/things', handler)
app.route({ method: ['PUT', 'DELETE'], url: '/things/:id', handler })
app.get('/things/:id/parts/:part', handler)
app.get('/api.json', handler)
app.get('/static/*', handler)
app.options('*', handler)

const ask = async (method: InjectOptions['method'] & string, url: string) => {
  const { statusCode, headers } = await app.inject({ method, url })
  return [statusCode, headers['allow']]
}

test('a path with another method is 405 with the allowed methods', async () => {
  assert.deepEqual(await ask('DELETE', '/things'), [405, 'GET, POST'])
  assert.deepEqual(await ask('GET', '/things/7'), [405, 'PUT, DELETE'])
  assert.deepEqual(await ask('POST', '/things/7/parts/2?x=1'), [405, 'GET'])
  assert.deepEqual(await ask('POST', '/static/a/b.css'), [405, 'GET'])
})

test('an unknown path is 404', async () => {
  for (const url of [
    '/',
    '/thing',
    '/things/',
    '/things/7/parts',
    '/things/7/8',
    '/apixjson',
    '/a/things',
  ]) {
    assert.deepEqual(await ask('GET', url), [404, undefined], url)
  }
})

test('existing routes stay unchanged', async () => {
  assert.deepEqual(await ask('GET', '/things'), [200, undefined])
  assert.deepEqual(await ask('OPTIONS', '/nowhere'), [200, undefined])
})
