import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { formOf, startApi } from '../../helpers/api/api.ts'
import { pngOf } from '../../helpers/pages/pages.ts'
import { unboundedIn } from '../../helpers/api/unbounded.ts'

const api = await startApi({ after })
api.startAggregator()
const png = await pngOf('bounds')

test('every string, list and record of the API is bounded: bodies, queries, parameters, headers, answers', async () => {
  await api.app.ready()
  const { paths, components } = api.app.swagger() as { paths: object; components: object }
  assert.ok(Object.keys(paths).length > 20)
  // The description leaves out how keys of records are bounded: test/shared/contract/schema/bounded.test.ts sees to them.
  const unbounded = unboundedIn({ paths, components }).filter(
    (fault) => !fault.endsWith('a record without bounds'),
  )
  assert.deepEqual(unbounded, [])
})

const long = (length: number): string => 'k'.repeat(length)
const many = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']))

/** Invalid options of an upload and of a run. */
const options: [what: string, given: object][] = [
  ['a key of metadata of a megabyte', { metadata: { [long(1_000_000)]: 'v' } }],
  ['a key of metadata of 101 characters', { metadata: { [long(101)]: 'v' } }],
  ['a value of metadata of 1001 characters', { metadata: { k: long(1_001) } }],
  ['51 entries of metadata', { metadata: many(51) }],
  [
    'metadata that is too much altogether',
    {
      metadata: {
        a: long(999),
        b: long(999),
        ...Object.fromEntries('cdefghi'.split('').map((key) => [key, long(999)])),
      },
    },
  ],
  ['a tag of 201 characters', { tag: long(201) }],
  ['a password of 1001 characters', { pdfPassword: long(1_001) }],
  ['an engine variable of a megabyte', { recipe: { variables: { [long(1_000_000)]: '1' } } }],
  [
    'a value of an engine variable of 4001 characters',
    { recipe: { variables: { tessedit_char_whitelist: long(4_001) } } },
  ],
  [
    'engine variables that are too much altogether',
    {
      recipe: {
        variables: {
          tessedit_char_whitelist: long(4_000),
          tessedit_char_blacklist: long(4_000),
        },
      },
    },
  ],
  ['51 engine variables', { recipe: { variables: many(51) } }],
  ['a language of 51 characters', { recipe: { languages: [long(51)] } }],
  ['11 languages', { recipe: { languages: Array.from({ length: 11 }, () => 'eng') } }],
  ['101 ranges of pages', { recipe: { pages: Array.from({ length: 101 }, () => '1').join(',') } }],
]
for (const [what, given] of options) {
  test(`${what} is rejected with a short message`, async () => {
    const files = { name: 'a.png', bytes: png }
    for (const [url, body] of [
      ['/v1/runs', { root: 'scans', ...given }],
      ['/v1/documents', formOf([files], given)],
      [
        '/v1/documents',
        { source: { type: 'base64', data: png.toString('base64') }, options: given },
      ],
    ] as const) {
      const answer = await api.call<{ code: string }>('POST', url, { body })
      assert.ok([400, 413, 422].includes(answer.status), `${url}: ${answer.status}`)
      assert.ok(answer.text.length < 20_000, `${url}: ${answer.text.length} characters`)
    }
  })
}

test('names of roots, tags, cursors, ids and keys in requests are bounded', async () => {
  const requests: [method: 'GET' | 'POST', url: string, headers?: Record<string, string>][] = [
    ['GET', `/v1/documents?tag=${long(201)}`],
    ['GET', `/v1/documents?run=${long(101)}`],
    ['GET', `/v1/runs?cursor=${long(501)}`],
    ['GET', `/v1/documents/${long(101)}`],
    ['GET', `/v1/search?q=${long(1_001)}`],
    ['POST', `/v1/documents?name=${long(1_025)}`, { 'content-type': 'image/png' }],
    ['POST', '/v1/documents', { 'content-type': 'image/png', 'idempotency-key': long(201) }],
    ['GET', '/v1/runs/r1/events', { 'last-event-id': long(101) }],
  ]
  for (const [method, url, headers = {}] of requests) {
    const { status } = await api.call(method, url, { headers })
    assert.ok(status === 400 || status === 404 || status === 422, `${url.slice(0, 40)}: ${status}`)
  }
})
