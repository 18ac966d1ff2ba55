import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startApi } from '../../../helpers/api/api.ts'

const api = await startApi({ after })

test('a problem names each invalid value and the requirement that it does not meet', async () => {
  const source = { type: 'base64', data: 'aGk=' }
  const cases: [route: string, body: unknown, detail: string | RegExp][] = [
    ['POST /v1/runs', [], 'the value must be an object'],
    ['POST /v1/runs', {}, '/root is required'],
    [
      'POST /v1/runs',
      { root: 'scans', recipe: { psm: 14, preset: 'slow', languages: ['eng', 'e!'] }, priority: 1 },
      '/recipe/languages/1 must match ^(script/)?[A-Za-z0-9_]{2,40}$; ' +
        '/recipe/psm must be an integer between 1 and 13; ' +
        '/recipe/preset must be one of fast, balanced, best; ' +
        '/priority must be one of interactive, bulk',
    ],
    [
      'POST /v1/runs',
      { root: 'scans', recipe: { pages: 'all' }, maxFailures: 'many' },
      /^\/recipe\/pages must match .*, for example 1-3,7; \/maxFailures must match .*, for example 50,50%$/,
    ],
    [
      'POST /v1/runs',
      { root: 'scans', recipe: { pages: '3-1' } },
      '/recipe/pages has a descending range 3-1; write 1-3',
    ],
    ['PUT /v1/queue', { paused: 'yes' }, '/paused must be true or false'],
    [
      'POST /v1/webhooks',
      { url: 'ftp://a' },
      '/url must match ^https?://, for example https://example.org/hooks/scriptorium',
    ],
    [
      'POST /v1/documents',
      { source: { type: 'ftp' } },
      '/source/type must be one of path, base64, url',
    ],
    [
      'POST /v1/documents',
      { source: { ...source, size: 1 } },
      '/source/size is not a known property; known are type, data, name',
    ],
    [
      'POST /v1/documents',
      { source, options: { attempts: 0 } },
      '/options/attempts must be an integer between 1 and 20',
    ],
    [
      'POST /v1/documents',
      { source, options: { metadata: { a: 1 } } },
      '/options/metadata/a must be a string of at most 1000 characters',
    ],
  ]
  for (const [route, body, detail] of cases) {
    const [method = '', url = ''] = route.split(' ')
    const { body: problem } = await api.refused(422, 'invalid_request', method, url, { body })
    if (typeof detail === 'string') assert.equal(problem.detail, detail)
    else assert.match(problem.detail, detail)
    assert.equal(
      problem.errors?.map(({ path, message }) => `${path || 'the value'} ${message}`).join('; '),
      problem.detail,
    )
  }
})

test('a query parameter is named, too', async () => {
  const cases = {
    '/v1/documents?limit=x': '/limit must be an integer between 1 and 500',
    '/v1/documents?limit=1.5': '/limit must be an integer between 1 and 500',
    '/v1/documents/d1?wait=0.5': '/wait must be an integer between 0 and 120',
    '/v1/documents/d1/result?page=1.9': '/page must be an integer of at least 1',
    '/v1/documents?status=done': '/status must be one of queued, reading, finished',
    '/v1/documents?cursor=x': '/cursor must be the nextCursor of an earlier response, unchanged',
    '/v1/search': '/q is required',
    '/v1/runs?state=on&limit=0':
      '/state must be one of active, finished, interrupted, paused, cancelled, refused; /limit must be an integer between 1 and 500',
  }
  for (const [url, detail] of Object.entries(cases)) {
    const { body } = await api.refused(400, 'malformed_request', 'GET', url)
    assert.equal(body.detail, detail)
  }
})
