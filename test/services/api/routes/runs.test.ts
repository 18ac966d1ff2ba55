import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ScriptoriumDocument } from '../../../../shared/contract/result/document.ts'
import type { RunReport } from '../../../../shared/contract/report.ts'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import type { RunView } from '../../../../services/api/schemas/run.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf, writePages } from '../../../helpers/pages/pages.ts'
import { makePage, makeRequest } from '../../../helpers/ledger/records.ts'
import { firstPass, makePlan } from '../../../helpers/ledger/ledger.ts'
import { waitFor } from '../../../helpers/wait.ts'

const api = await startApi({ after })
api.startAggregator()

interface List<T> {
  items: T[]
  nextCursor: string | null
}

const start = (body: object) => api.call<RunView>('POST', '/v1/runs', { body })
const show = async (id: string): Promise<RunView> =>
  (await api.call<RunView>('GET', `/v1/runs/${id}`)).body

/** A folder below the root with these pages, and a run of it. */
async function startOn(path: string, files: readonly string[], more = {}): Promise<RunView> {
  mkdirSync(join(api.scans, path), { recursive: true })
  await writePages(join(api.scans, path), files)
  const { status, body } = await start({ root: 'scans', path, ...more })
  assert.equal(status, 202)
  return body
}

/** The run's documents by path, once all are planned. */
async function planned({ id, links }: RunView, count: number): Promise<Map<string, string>> {
  return waitFor('all is planned', async () => {
    const { body } = await api.call<List<DocumentView>>('GET', `${links.documents}?limit=500`)
    const { isPlanned } = await show(id)
    const isAll = isPlanned && body.items.length === count
    return isAll && new Map(body.items.map((document) => [document.name, document.id]))
  })
}

const ended = ({ id }: RunView) =>
  waitFor('the run ends', async () => {
    const view = await show(id)
    return view.state !== 'active' && view
  })

test('an unknown id is 404 on every route', async () => {
  const asked = [
    ['GET', ''],
    ['GET', '/documents'],
    ['GET', '/results'],
    ['GET', '/report'],
    ['GET', '/failures'],
    ['GET', '/events'],
    ['POST', '/cancel'],
    ['POST', '/resume'],
    ['POST', '/retry-failed'],
    ['POST', '/retry-warned'],
  ] as const
  for (const [method, path] of asked) {
    await api.refused(404, 'unknown_run', method, `/v1/runs/nothing${path}`)
  }
})

test('a folder run is started, followed, and has a report at its end', async () => {
  const labels = { tag: 'first folder', metadata: { box: '1' } }
  const run = await startOn('first', ['a.png', 'b.png', 'c.png'], labels)
  const { root, path, tag, metadata, priority, state, source } = run
  assert.deepEqual(
    { root, path, tag, metadata, priority, state, source },
    {
      root: 'scans',
      path: 'first',
      ...labels,
      priority: 'bulk',
      state: 'active',
      source: 'folder',
    },
  )
  const ids = await planned(run, 3)
  await api.refused(409, 'not_finished', 'GET', run.links.report)
  const busy = { body: { root: 'scans', path: 'first' } }
  await api.refused(409, 'run_active', 'POST', '/v1/runs', busy)
  await api.refused(409, 'run_active', 'POST', `/v1/runs/${run.id}/retry-failed`)
  for (const name of ['a.png', 'b.png']) await api.read(ids.get(name) ?? '', { text: `is ${name}` })
  assert.deepEqual((await show(run.id)).counts, { succeeded: 2, open: 1 })
  await api.fail(ids.get('c.png') ?? '')

  const end = await ended(run)
  assert.deepEqual([end.state, end.counts], ['finished', { succeeded: 2, rejected: 1 }])
  const report = await api.call<RunReport>('GET', run.links.report)
  assert.deepEqual([report.status, report.body.root, report.body.out], [200, 'scans/first', ''])
  assert.deepEqual([report.body.outcomes, report.body.pagesRead], [end.counts, 2])
  const results = await api.call('GET', run.links.results)
  assert.match(results.headers['content-type'] ?? '', /^application\/x-ndjson/)
  const lines = results.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ScriptoriumDocument)
  assert.deepEqual(lines.map(({ path: name, pages }) => [name, pages[0]?.text]).toSorted(), [
    ['a.png', 'is a.png'],
    ['b.png', 'is b.png'],
    ['c.png', undefined],
  ])
  await api.refused(409, 'already_finished', 'POST', `/v1/runs/${run.id}/cancel`)
})

test('a repeated folder run skips its files, unless some failed and are retried', async () => {
  const first = await startOn('again', ['a.png', 'b.png'])
  const ids = await planned(first, 2)
  await api.read(ids.get('a.png') ?? '')
  await api.fail(ids.get('b.png') ?? '')
  await ended(first)
  const second = (await start({ root: 'scans', path: 'again' })).body
  assert.deepEqual((await ended(second)).counts, { skipped_unchanged: 1 })
  const { body } = await api.call<RunReport>('GET', second.links.report)
  assert.deepEqual([body.seen, body.failedEarlier], [2, 1])

  const retried = await api.call<RunView>('POST', `/v1/runs/${first.id}/retry-failed`)
  assert.deepEqual([retried.status, retried.body.state], [202, 'active'])
  await api.read(ids.get('b.png') ?? '')
  const end = await ended(first)
  assert.equal(end.counts['succeeded'], 2)
  await api.refused(409, 'already_finished', 'POST', `/v1/runs/${first.id}/retry-failed`)
})

test("a run's failures are counted by code, and those with one code are retried", async () => {
  const run = await startOn('coded', ['a.png', 'b.png', 'c.png', 'd.png'])
  const ids = await planned(run, 4)
  for (const name of ['a.png', 'b.png']) await api.fail(ids.get(name) ?? '')
  await api.fail(ids.get('c.png') ?? '', 'page_timeout')
  await api.read(ids.get('d.png') ?? '')
  await ended(run)
  const failures = await api.call<{
    items: { code: string; count: number; examples: { name: string }[] }[]
  }>('GET', `/v1/runs/${run.id}/failures`)
  const groups = failures.body.items.map(({ code, count, examples }) => [
    code,
    count,
    examples.map(({ name }) => name).toSorted(),
  ])
  assert.deepEqual(groups, [
    ['corrupt_image', 2, ['a.png', 'b.png']],
    ['page_timeout', 1, ['c.png']],
  ])
  const retry = `/v1/runs/${run.id}/retry-failed`
  await api.refused(409, 'already_finished', 'POST', `${retry}?error=corrupt_pdf`)
  const retried = await api.call<RunView>('POST', `${retry}?error=page_timeout`)
  assert.deepEqual([retried.status, retried.body.state], [202, 'active'])
  await waitFor('one is read again', async () => (await show(run.id)).counts['open'] === 1)
  await api.read(ids.get('c.png') ?? '')
  assert.deepEqual((await ended(run)).counts, { succeeded: 2, rejected: 2 })
})

test('documents are listed by run and error code', async () => {
  const run = await startOn('listed', ['a.png', 'b.png'])
  const ids = await planned(run, 2)
  await api.fail(ids.get('a.png') ?? '', 'empty_file')
  await api.read(ids.get('b.png') ?? '', { confidence: 40 })
  await ended(run)
  const list = async (query: string): Promise<string[]> => {
    const { body } = await api.call<List<DocumentView>>(
      'GET',
      `/v1/documents?run=${run.id}&${query}`,
    )
    return body.items.map(({ name }) => name)
  }
  assert.deepEqual(await list('error=empty_file'), ['a.png'])
  assert.deepEqual(await list('name=B.p'), ['b.png'])
  assert.deepEqual(await list('maxConfidence=50'), ['b.png'])
  assert.deepEqual(await list('before=2020-01-01'), [])
  assert.equal((await list('since=2020-01-01')).length, 2)
  await api.refused(400, 'malformed_request', 'GET', '/v1/documents?since=2020-02-31T00:00Z1')
  await api.refused(400, 'malformed_request', 'GET', '/v1/documents?since=2020-13-01')
})

test('a run that is to pause after its canaries waits for a person, and then reads the others', async () => {
  const names = ['a.png', 'b.png', 'c.png', 'd.png', 'e.png']
  const folder = join(api.scans, 'tried')
  mkdirSync(folder)
  await writePages(folder, names)
  const isOld = (name: string): boolean => Date.now() - statSync(join(folder, name)).ctimeMs > 2_500
  await waitFor('no file may still be written', () => names.every(isOld))
  const options = { root: 'scans', path: 'tried', canary: 2, pauseAfterCanary: true }
  const run = (await start(options)).body
  const read = async (id: string, open: number): Promise<void> => {
    const items = await waitFor('they are planned', async () => {
      const url = `/v1/documents?run=${id}&limit=500`
      const all = (await api.call<List<DocumentView>>('GET', url)).body.items
      const waiting = all.filter(({ outcome }) => outcome === null)
      return waiting.length === open && waiting
    })
    for (const each of items) await api.read(each.id)
  }
  await read(run.id, 2)
  const paused = await waitFor('it pauses', async () => {
    const view = await show(run.id)
    return view.state === 'paused' && view
  })
  assert.deepEqual(
    [paused.pause?.rule, paused.pause?.failures, paused.pause?.of, paused.counts],
    ['canary_read', 0, 2, { succeeded: 2 }],
  )
  const resumed = await api.call<RunView>('POST', `/v1/runs/${run.id}/resume`)
  assert.equal(resumed.status, 202)
  await read(run.id, 3)
  assert.deepEqual((await ended(run)).counts, { succeeded: 5 })

  const small = (await start({ ...options, canary: 10, force: true })).body
  await read(small.id, 5)
  assert.equal((await ended(small)).state, 'finished', 'there are no others to wait for')
})

test('given-up readings of a run are retried, and its report counts those that are left', async () => {
  const run = await startOn('warned', ['a.png', 'b.png'])
  const ids = await planned(run, 2)
  const warnings = [{ code: 'reading_given_up', message: 'late' } as const]
  await api.read(ids.get('a.png') ?? '')
  await api.read(ids.get('b.png') ?? '', { warnings })
  await ended(run)
  const reported = async () => (await api.call<RunReport>('GET', run.links.report)).body.warned
  const b = { count: 1, codes: { reading_given_up: 1 }, paths: ['b.png'] }
  assert.deepEqual(await reported(), b)

  const retried = await api.call<RunView>('POST', `/v1/runs/${run.id}/retry-warned`)
  assert.deepEqual([retried.status, retried.body.state], [202, 'active'])
  await api.read(ids.get('b.png') ?? '')
  assert.deepEqual((await ended(run)).counts['succeeded'], 2)
  assert.deepEqual(await reported(), { count: 0, codes: {}, paths: [] })
  await api.refused(409, 'already_finished', 'POST', `/v1/runs/${run.id}/retry-warned`)
})

test('a cancelled run keeps its finished documents', async () => {
  const run = await startOn('cancelled', ['a.png', 'b.png', 'c.png'])
  const ids = await planned(run, 3)
  await api.read(ids.get('a.png') ?? '')
  const { status, body } = await api.call<RunView>('POST', `/v1/runs/${run.id}/cancel`)
  assert.equal(status, 200)
  assert.deepEqual([body.state, body.counts], ['cancelled', { succeeded: 1, cancelled: 2 }])
  const document = await api.call<DocumentView>('GET', `/v1/documents/${ids.get('b.png')}`)
  assert.deepEqual([document.body.status, document.body.outcome], ['finished', 'cancelled'])
})

test('an invalid run is rejected with the reason', async () => {
  mkdirSync(join(api.scans, 'there'), { recursive: true })
  const cases: [status: number, code: string, body: object][] = [
    [422, 'unknown_root', { root: 'nowhere' }],
    [404, 'not_found', { root: 'scans', path: 'missing' }],
    [422, 'invalid_request', { root: 'scans', path: '../scans' }],
    [422, 'invalid_request', { root: 'scans', path: '/etc' }],
    [422, 'invalid_request', { path: 'there' }],
    [422, 'invalid_request', { root: 'scans', path: 'there', recipe: { psm: 0 } }],
    [422, 'invalid_request', { root: 'scans', recipe: { variables: { debug_file: '/x/y' } } }],
    [422, 'invalid_request', { root: 'scans', recipe: { pages: '5-2' } }],
    [422, 'invalid_request', { root: 'scans', follow: true }],
  ]
  for (const [status, code, body] of cases) {
    await api.refused(status, code, 'POST', '/v1/runs', { body })
  }
})

test('a language that the aggregator lacks is rejected before anything is read', async (t) => {
  const own = await startApi(t, { SCRIPTORIUM_ENGINE: 'tesseract.js' })
  own.startAggregator()
  const body = { root: 'scans', recipe: { languages: ['xyzzy'] } }
  await own.refused(422, 'unknown_language', 'POST', '/v1/runs', { body })
  assert.deepEqual((await own.call<List<RunView>>('GET', '/v1/runs')).body.items, [])
})

test('an upload is a run without a report', async () => {
  const files = ['x', 'y'].map(async (name) => ({ name, bytes: await pngOf(`runs ${name}`) }))
  const body = formOf(await Promise.all(files), { tag: 'an upload' })
  const { runId } = (await api.call<{ runId: string }>('POST', '/v1/documents', { body })).body
  const view = await show(runId)
  assert.deepEqual(
    [view.source, view.state, view.counts, view.tag, view.root],
    ['upload', 'active', { open: 2 }, 'an upload', null],
  )
  await api.refused(404, 'unknown_run', 'GET', view.links.report)
  const ids = await planned(view, 2)
  for (const id of ids.values()) await api.read(id)
  assert.deepEqual((await ended(view)).counts, { succeeded: 2 })
})

test('pagination returns every run once, while others are added', async () => {
  const add = async (seed: string): Promise<string> => {
    const body = formOf([{ name: 'r.png', bytes: await pngOf(`walked run ${seed}`) }], {
      tag: 'run walk',
    })
    const { runId } = (await api.call<DocumentView>('POST', '/v1/documents', { body })).body
    await show(runId)
    return runId
  }
  const ids: string[] = []
  for (let index = 0; index < 5; index += 1) ids.push(await add(String(index)))
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const url = `/v1/runs?tag=run+walk&source=upload&limit=2${query}`
    const { body }: { body: List<RunView> } = await api.call<List<RunView>>('GET', url)
    seen.push(...body.items.map(({ id }) => id))
    cursor = body.nextCursor
    await add(`late ${seen.length}`)
  } while (cursor !== null)
  assert.deepEqual(seen.toSorted(), ids.toSorted())
  const folders = await api.call<List<RunView>>('GET', '/v1/runs?source=folder&limit=500')
  assert.ok(folders.body.items.every(({ source }) => source === 'folder'))
  const documents = await api.call<List<DocumentView>>('GET', '/v1/documents?limit=1')
  const foreign = `/v1/runs?cursor=${documents.body.nextCursor}`
  await api.refused(400, 'malformed_request', 'GET', foreign)
  await api.refused(400, 'malformed_request', 'GET', '/v1/runs?state=lost')
})

test('pagination returns every document of a run', async () => {
  const files = Array.from({ length: 5 }, (_, index) => `${index}.png`)
  const run = await startOn('walked', files)
  await planned(run, 5)
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const { body }: { body: List<DocumentView> } = await api.call<List<DocumentView>>(
      'GET',
      `${run.links.documents}?limit=2${query}`,
    )
    seen.push(...body.items.map(({ name }) => name))
    cursor = body.nextCursor
  } while (cursor !== null)
  assert.deepEqual(seen.toSorted(), files)
  await api.call('POST', `/v1/runs/${run.id}/cancel`)
})

test('outputs of folder runs are below the data folder, in one folder for each root and path', () => {
  const output = join(api.data, 'output', 'scans', 'first')
  const files = readdirSync(output).filter((name) => !name.startsWith('.'))
  assert.deepEqual(files.toSorted(), ['a.png.json', 'a.png.txt', 'b.png.json', 'b.png.txt'])
})

test('results are streamed, and visibly truncated when the service stops', async (t) => {
  const own = await startApi(t)
  const { ledger } = own
  const text = 'many words '.repeat(5_000)
  ledger.transaction(() => {
    ledger.runs.add(makeRequest({ runId: 'long', root: own.scans, out: own.data }), 'fp')
    for (let index = 0; index < 300; index += 1) {
      const id = `d${index}`
      ledger.documents.plan(makePlan(id, { runId: 'long' }))
      ledger.pages.putResult(id, makePage({ text, blocks: [] }))
      ledger.documents.setRead(
        firstPass(id),
        { outcome: 'succeeded', error: null, worker: 'w' },
        null,
      )
      ledger.documents.settle(firstPass(id), {})
    }
  })
  await own.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = own.app.server.address() as AddressInfo
  const get = () => fetch(`http://127.0.0.1:${port}/v1/runs/long/results`)
  const whole = (await (await get()).text()).trimEnd().split('\n')
  assert.equal(whole.length, 300)
  const response = await get()
  assert.ok(response.headers.get('x-request-id'))
  const reader = response.body?.getReader()
  await reader?.read()
  own.stop()
  await assert.rejects(async () => {
    while ((await reader?.read())?.done === false);
  })
})
