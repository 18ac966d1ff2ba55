import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Word } from '../../../../shared/contract/result/layout.ts'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'

const api = await startApi({ after })
api.startAggregator()

interface Hit {
  documentId: string
  runId: string
  name: string
  page: number
  snippet: string
  words: Word[]
}

async function readText(name: string, text: string): Promise<DocumentView> {
  const body = formOf([{ name, bytes: await pngOf(`find ${name}`) }])
  const document = (await api.call<DocumentView>('POST', '/v1/documents', { body })).body
  await api.read(document.id, { text })
  return document
}

const search = async (query: string) =>
  (await api.call<{ items: Hit[]; nextCursor: string | null }>('GET', `/v1/search?${query}`)).body

const letter = await readText('letter.png', 'The lighthouse keeper wrote a letter')
await readText('note.png', 'The keeper of the harbour')

test('a word is found on its page, with its boxes', async () => {
  const { items } = await search('q=lighthouse')
  assert.equal(items.length, 1)
  const [hit] = items
  assert.deepEqual([hit?.documentId, hit?.runId, hit?.page], [letter.id, letter.runId, 1])
  assert.equal(hit?.name, 'letter.png')
  assert.match(hit?.snippet ?? '', /<mark>lighthouse<\/mark>/)
  assert.deepEqual(
    hit?.words.map(({ text, bbox }) => [text, bbox]),
    [['lighthouse', { x0: 0, y0: 0, x1: 10, y1: 10 }]],
  )
})

test('with fuzzy=1 a misread word is found, after exact matches', async () => {
  await readText('misread.png', 'The lighthousc lighthousc was dark')
  const namesOf = async (query: string) => (await search(query)).items.map(({ name }) => name)
  assert.deepEqual(await namesOf('q=lighthouse'), ['letter.png'])
  assert.deepEqual(await namesOf('q=lighthouse&fuzzy=1'), ['letter.png', 'misread.png'])
  assert.deepEqual(await namesOf('q=dark+lighthouse&fuzzy=true'), ['misread.png'])
  assert.deepEqual(await namesOf('q=lighthouse+-lighthousc&fuzzy=1'), ['letter.png'])
})

test('pagination returns every hit once', async () => {
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const page: Awaited<ReturnType<typeof search>> = await search(`q=keeper&limit=1${query}`)
    seen.push(...page.items.map(({ name }) => name))
    cursor = page.nextCursor
  } while (cursor !== null)
  assert.deepEqual(seen.toSorted(), ['letter.png', 'note.png'])
})

test('an invalid query and a cursor of another list are rejected', async () => {
  await api.refused(400, 'malformed_request', 'GET', '/v1/search')
  await api.refused(400, 'malformed_request', 'GET', '/v1/search?q=')
  await api.refused(400, 'malformed_request', 'GET', `/v1/search?q=${'a'.repeat(1_001)}`)
  await api.refused(422, 'invalid_request', 'GET', '/v1/search?q=...')
  const places = [
    { time: '2026', id: 'r' },
    { time: 1.5, id: 'x' },
    { time: -1, id: 'x' },
    { time: 1e300, id: 'x' },
  ]
  for (const place of places) {
    const cursor = Buffer.from(JSON.stringify(place)).toString('base64url')
    await api.refused(400, 'malformed_request', 'GET', `/v1/search?q=a&cursor=${cursor}`)
  }
})

test('a deleted document is no longer found', async () => {
  const gone = await readText('gone.png', 'ephemeral words')
  assert.equal((await search('q=ephemeral')).items.length, 1)
  await api.call('DELETE', gone.links.self)
  assert.deepEqual((await search('q=ephemeral')).items, [])
})
