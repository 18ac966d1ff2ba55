import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createEngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { canonicalRecipe, defaultRecipe, fingerprintOf } from '../../../shared/contract/recipe.ts'
import { bookId, makeCrowdedLedger } from '../../helpers/ledger/crowded-ledger.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { cleanEnvironment, repository } from '../../helpers/processes/processes.ts'
import { waitFor } from '../../helpers/wait.ts'
import { startWatched } from '../../helpers/processes/watched-role.ts'

/** No request should keep an event loop from others for longer, milliseconds of processor time: docs/security.md. */
const longestMs = 100
/** Garbage collection and other causes outside a request do not recur in each attempt. */
const attempts = 3
/**
 * Processor time also depends on neighbours and on garbage collection, so only an extreme turn fails here: work over
 * all records at once takes seconds. The unit tests count the work of one turn.
 */
const tolerance = 3

const ending = { after }
const folder = makeFolder(ending)
const data = join(folder, 'data')
const scans = join(folder, 'scans')
const output = join(folder, 'out')
const engine = join(repository, 'test/fixtures/engines/faults.ts')
mkdirSync(output)
const recipe = canonicalRecipe(defaultRecipe)
const identities = createEngineIdentities(engine, undefined)
const book = {
  bytes: '%PDF-1.4 dense',
  fingerprint: fingerprintOf(recipe, await identities(recipe)),
}
const dense = bookId(book)
makeCrowdedLedger({ data, scans, out: join(output, 'scans/many'), book })
const redis = await startPrivateRedis({ folder })
after(() => redis.close())
const environment = {
  ...cleanEnvironment(folder),
  REDIS_URL: redis.url,
  SCRIPTORIUM_DATA: data,
  SCRIPTORIUM_OUTPUT: output,
  SCRIPTORIUM_ROOTS: `scans=${scans}`,
  SCRIPTORIUM_ENGINE: engine,
  SCRIPTORIUM_WORKER_ABSENCE: 'off',
  SCRIPTORIUM_OUTBOUND_ALLOW: '127.0.0.0/8',
  PORT: '0',
}
const start = (role: string) =>
  startWatched(ending, `services/${role}/main.ts`, join(folder, `${role}.watch`), environment)
const aggregator = start('aggregator')
await aggregator.until('it is ready', () => aggregator.stderr().includes('"ready"'))
const api = start('api')
const address = await api.until(
  'the address',
  () => /http:\/\/127\.0\.0\.1:\d+/.exec(api.stderr())?.[0],
)

interface Asked {
  method?: string
  body?: string
  type?: string
}

/** Returns the status, once all of the answer has come. */
async function ask(
  path: string,
  { method, body, type = 'application/json' }: Asked,
): Promise<number> {
  const answer = await fetch(address + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    ...(body !== undefined && { body, headers: { 'content-type': type } }),
  })
  for await (const chunk of answer.body ?? []) void chunk
  return answer.status
}

const markAll = () => Promise.all([api.mark(), aggregator.mark()])

async function longestTurns(work: () => Promise<unknown>): Promise<number[]> {
  await markAll()
  await work()
  return markAll()
}

function assertShort(t: TestContext, turns: readonly number[]): void {
  const [ofApi = Number.NaN, ofAggregator = Number.NaN] = turns
  const told = `API ${ofApi.toFixed(0)} ms, aggregator ${ofAggregator.toFixed(0)} ms`
  t.diagnostic(told)
  const longest = Math.max(ofApi, ofAggregator)
  assert.ok(longest < tolerance * longestMs * slowness(), `a turn took long: ${told}`)
}

/** Present slowdown of the machine, by the processor time of work that takes 10 ms on an idle one. At least 1. */
function slowness(): number {
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, n) => ({ n, text: `word ${n}` })))
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round += 1) {
    const before = process.threadCpuUsage()
    for (let n = 0; n < 2; n += 1) JSON.parse(text)
    const { user, system } = process.threadCpuUsage(before)
    best = Math.min(best, (user + system) / 1_000)
  }
  return Math.max(1, best / 10)
}

const many = (text: string, count: number): string => text.repeat(count)

/** Each is repeatable, so it is requested again after a long turn. */
const looks: [name: string, path: string, status: number, asked?: Asked][] = [
  ['search, dense pages', '/v1/search?q=word1%20word2%20%22word3%20word4%22&limit=500', 200],
  ['search, every word there is', '/v1/search?q=wo*&limit=500', 200],
  ['list of runs', '/v1/runs?limit=500', 200],
  ['list of runs by tag', '/v1/runs?limit=500&tag=none', 200],
  ['list of documents', '/v1/documents?limit=500', 200],
  ['list of documents by a tag that none has', '/v1/documents?limit=500&tag=none', 200],
  ['list of documents by a tag that one has', '/v1/documents?limit=500&tag=rare', 200],
  ['list of documents by outcome', '/v1/documents?limit=500&outcome=timeout', 200],
  ['list of documents by status', '/v1/documents?limit=500&status=reading', 200],
  ['list of documents by tag and outcome', '/v1/documents?tag=rare&outcome=succeeded', 200],
  ['list by run, outcome and status', '/v1/documents?run=vast&outcome=failed&status=finished', 200],
  ['documents of a run', '/v1/runs/vast/documents?limit=500', 200],
  ['a run of many documents', '/v1/runs/vast', 200],
  ['results of a run with a long document', '/v1/runs/dense/results', 200],
  ['results of a run of many documents', '/v1/runs/many/results', 200],
  ['a long document', `/v1/documents/${dense}`, 200],
  ['a document that many uploaded', '/v1/documents/popular', 200],
  ['a long result', `/v1/documents/${dense}/result?format=json`, 200],
  ['a long result as text', `/v1/documents/${dense}/result?format=txt`, 200],
  ['a long result as hOCR', `/v1/documents/${dense}/result?format=hocr`, 200],
  ['a long result as TSV', `/v1/documents/${dense}/result?format=tsv`, 200],
  ['one page as ALTO', `/v1/documents/${dense}/result?format=alto&page=1`, 200],
  ['deliveries of a webhook', '/v1/webhooks/w1/deliveries?limit=500', 200],
  ['metrics', '/metrics', 200],
  ['description', '/openapi.json', 200],
  [
    'an upload whose long result is known',
    '/v1/documents?wait=1&name=a.pdf',
    200,
    { body: book.bytes, type: 'application/pdf' },
  ],
  [
    'an upload of a million values',
    '/v1/documents',
    413,
    { body: `{"source":[${many('{},', 1_000_000)}{}]}` },
  ],
  [
    'an upload of one long text',
    '/v1/documents',
    415,
    {
      body: JSON.stringify({
        source: { type: 'base64', name: 'a.png', data: many('AAAA', 2_000_000) },
      }),
    },
  ],
  [
    'a check of wrong hashes',
    '/v1/documents/check',
    422,
    { body: `{"documents":[${many('{},', 15_000)}{}]}` },
  ],
  [
    'a check of many hashes',
    '/v1/documents/check',
    200,
    {
      body: `{"documents":[${many(`{"sha256":"${many('a', 64)}"},`, 999)}{"sha256":"${many('b', 64)}"}]}`,
    },
  ],
  [
    'a run of wrong globs',
    '/v1/runs',
    422,
    { body: `{"root":"x","include":[${many('1,', 120_000)}1]}` },
  ],
]

for (const [name, path, status, asked = {}] of looks) {
  test(`no turn of an event loop takes long: ${name}`, async (t) => {
    let best: number[] = []
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const turns = await longestTurns(async () => {
        assert.equal(await ask(path, asked), status)
      })
      best = turns.map((ms, index) => Math.min(ms, best[index] ?? ms))
      if (Math.max(...best) < longestMs) break
    }
    assertShort(t, best)
  })
}

/** In this order: each needs the state that the one before has left. */
const changes: [name: string, method: string, path: string, status: number][] = [
  ['a document that many uploaded is read again', 'POST', '/v1/documents/popular/retry', 202],
  ['it is cancelled', 'POST', '/v1/documents/popular/cancel', 200],
  ['it is removed with its uploads', 'DELETE', '/v1/documents/popular', 204],
  ['a long document is removed', 'DELETE', `/v1/documents/${dense}`, 204],
  ['a webhook with many deliveries is removed', 'DELETE', '/v1/webhooks/w1', 204],
  ['a run of many documents is read again', 'POST', '/v1/runs/many/retry-failed', 202],
  ['it is cancelled while active', 'POST', '/v1/runs/many/cancel', 200],
]
/** The aggregator continues work that exceeded its timeout, and a repeated request finds it done. */
const done = [404, 409]

for (const [name, method, path, status] of changes) {
  test(`no turn of an event loop takes long: ${name}`, async (t) => {
    const isDone = async (): Promise<boolean> => {
      const answered = await ask(path, { method, ...(method === 'POST' && { body: '{}' }) })
      if (answered === 503) return false
      assert.ok(answered === status || done.includes(answered), `it answers ${answered}`)
      return true
    }
    assertShort(t, await longestTurns(() => waitFor('it is done', isDone)))
  })
}
