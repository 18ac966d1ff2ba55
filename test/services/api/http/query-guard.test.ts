import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'

const api = await startApi({ after })

test('an unknown query parameter is rejected with the nearest known one', async () => {
  const cases: [url: string, path: string, cure: RegExp][] = [
    ['/v1/documents?limt=1', '/limt', /did you mean limit\?/],
    ['/v1/documents?Limit=1', '/Limit', /did you mean limit\?/],
    ['/v1/documents?next_cursor=1', '/next_cursor', /known are .*cursor/],
    ['/v1/runs?sate=active', '/sate', /did you mean state\?/],
    ['/v1/search?q=a&offset=2', '/offset', /known are q, fuzzy, limit, cursor/],
    ['/v1/documents/d1?Wait=3', '/Wait', /did you mean wait\?/],
    ['/v1/documents/d1/result?fromat=txt', '/fromat', /did you mean format\?/],
    ['/v1/queue?verbose', '/verbose', /which has none/],
    ['/v1/documents?__proto__=1', '/__proto__', /known are/],
  ]
  for (const [url, path, cure] of cases) {
    const { body } = await api.refused(400, 'malformed_request', 'GET', url)
    assert.equal(body.errors?.[0]?.path, path)
    assert.match(body.errors[0].message, cure)
  }
})

test('every route rejects unknown parameters before any side effect', async () => {
  const { body } = await api.call<{ paths: Record<string, Record<string, unknown>> }>(
    'GET',
    '/openapi.json',
  )
  for (const [path, methods] of Object.entries(body.paths)) {
    for (const method of Object.keys(methods)) {
      const url = `${path.replaceAll('{id}', 'd1')}?nonsense=1`
      const name = method.toUpperCase() as 'GET'
      const { body: problem } = await api.refused(400, 'malformed_request', name, url)
      assert.match(problem.detail, /nonsense/)
    }
  }
  const upload = { body: formOf([{ name: 'a.png', bytes: await pngOf('guard') }]) }
  await api.refused(400, 'malformed_request', 'POST', '/v1/documents?nmae=b.png', upload)
  assert.equal((await api.context.queue.waiting()).interactive, 0)
})

test('an unknown path stays 404, and /docs accepts any parameter', async () => {
  await api.refused(404, 'unknown_route', 'GET', '/v1/nothing?a=1')
  assert.equal((await api.call('GET', '/docs?a=1')).status, 200)
})
