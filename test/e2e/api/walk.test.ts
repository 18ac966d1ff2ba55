import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProblemError, type Client } from '../../../scripts/client/client.ts'
import type { DocumentView, UploadView } from '../../../services/api/schemas/document.ts'
import type { RunView } from '../../../services/api/schemas/run.ts'
import { manyPaths, pngOf, textOf, writePages } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const page = async (seed: string, name = `${seed}.png`): Promise<File> =>
  new File([new Uint8Array(await pngOf(seed))], name)

async function uploadOne(client: Client, file: File, wait?: number): Promise<DocumentView> {
  const answer = await client.upload([file], wait === undefined ? {} : { wait })
  assert.ok('id' in answer)
  return answer
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof ProblemError, String(thrown))
  return `${thrown.problem.status} ${thrown.problem.code}`
}

test('a page is uploaded, followed, fetched, found, recognised as known, and deleted', async (t) => {
  const scene = createScene(t)
  const { client, data } = await startService(scene, { SCRIPTORIUM_ENGINE: 'tesseract.js' })
  const sample = join(repository, 'samples/recipe.jpg')
  const truth = readFileSync(join(repository, 'test/fixtures/truth/recipe.jpg.txt'), 'utf8')

  const answer = await client.upload([sample], {
    options: { tag: 'first', metadata: { box: '7' } },
  })
  assert.ok('id' in answer)
  assert.deepEqual([answer.tag, answer.metadata, answer.outcome], ['first', { box: '7' }, null])
  assert.equal(await problemOf(client.text(answer.id)), '409 not_finished')
  const events: string[] = []
  for await (const { event } of client.follow(answer.links)) events.push(event ?? '')
  assert.equal(events[0], 'document')
  assert.equal(events.at(-1), 'finished')

  assert.ok(wordF1(truth, await client.text(answer.id)) > 0.97)
  const [pageOne] = (await client.result(answer.id)).pages
  assert.ok((pageOne?.blocks.length ?? 0) > 0)

  interface Hit {
    documentId: string
    snippet: string
    words: { text: string; bbox: object }[]
  }
  const { items } = await client.json<{ items: Hit[] }>('/v1/search?q=plum*')
  assert.equal(items[0]?.documentId, answer.id)
  assert.match(items[0].snippet, /<mark>Plum/i)
  assert.match(items[0].words[0]?.text ?? '', /plum/i)

  const again = await client.upload([sample], { options: { tag: 'second' } })
  assert.ok('id' in again)
  assert.deepEqual([again.id, again.status, again.tag], [answer.id, 'finished', 'second'])
  for (const tag of ['first', 'second']) {
    const found = await waitFor(`it is listed by ${tag}`, async () => {
      const page = await client.json<{ items: DocumentView[] }>(`/v1/documents?tag=${tag}`)
      return page.items.length > 0 ? page.items : undefined
    })
    assert.deepEqual(
      found.map(({ id }) => id),
      [answer.id],
    )
  }
  const { documents } = await client.post<{ documents: { status: string }[] }>(
    '/v1/documents/check',
    { documents: [{ sha256: answer.sha256 }, { sha256: '0'.repeat(64) }] },
  )
  assert.deepEqual(
    documents.map(({ status }) => status),
    ['known', 'unknown'],
  )

  const input = join(data, 'spool/inputs', answer.sha256 ?? '')
  assert.ok(existsSync(input))
  await client.remove(answer.id)
  assert.ok(!existsSync(input))
  assert.equal(await problemOf(client.document(answer.id)), '404 unknown_document')
  assert.deepEqual((await client.json<{ items: Hit[] }>('/v1/search?q=plum')).items, [])
})

test('the good ones of several files are read, and the others named', async (t) => {
  const scene = createScene(t)
  const { client } = await startService(scene)
  const text = new File(['no page'], 'notes.txt')
  const answer = await client.upload([await page('a'), text, await page('b')], { wait: 30 })
  assert.ok('documents' in answer)
  const upload: UploadView = answer
  assert.deepEqual(
    upload.rejected.map(({ name, code }) => [name, code]),
    [['notes.txt', 'unsupported_type']],
  )
  const texts = upload.documents.map(({ result }) => result?.pages[0]?.text)
  assert.deepEqual(texts, [await textOf('a'), await textOf('b')])
  assert.equal(await problemOf(client.upload([text])), '415 unsupported_type')
})

test('a folder run is followed to its end, also after a reconnect, and continues where it stopped', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(40, 'slow'))
  const { client } = await startService(scene, {
    SCRIPTORIUM_ROOTS: `scans=${scene.input}`,
    FAULT_SLOW_MS: '50',
  })
  const run = await client.startRun({ root: 'scans', tag: 'folder' })
  const paths: string[] = []
  let lastEventId = '0-0'
  let isOver = false
  while (!isOver) {
    const cut = new AbortController()
    const seenBefore = paths.length
    for await (const { id, event, data } of client.follow(run.links, { lastEventId })) {
      if (id !== undefined) lastEventId = id
      if (event === 'document') paths.push((JSON.parse(data) as { path: string }).path)
      if (event === 'finished') isOver = true
      if (paths.length === seenBefore + 9) break // The connection is lost.
    }
    cut.abort()
  }
  assert.deepEqual(paths.toSorted(), [...texts.keys()].toSorted())

  const report = await client.json<{ outcomes: object; root: string }>(run.links.report)
  assert.deepEqual(report.outcomes, { succeeded: 40 })
  assert.ok(!JSON.stringify(report).includes(scene.folder), 'the host keeps its paths to itself')
  const lines = (await (await client.send(run.links.results)).text()).trimEnd().split('\n')
  assert.equal(lines.length, 40)
  const again = await client.startRun({ root: 'scans' })
  const after = await waitFor('the second run ends', async () => {
    const view = await client.run(again.id)
    return view.state === 'finished' ? view : undefined
  })
  assert.deepEqual(after.counts, { skipped_unchanged: 40 })
  assert.equal(scene.readers().length, 40)
})

test('cancelled documents stop, queued or active, and a retry reads them', async (t) => {
  const scene = createScene(t)
  const { client } = await startService(scene, {
    SCRIPTORIUM_WORKERS: '1',
    FAULT_SLOW_MS: '60000',
  })
  const running = await uploadOne(client, await page('running', 'slow-1.png'))
  await waitFor('it is being read', () => scene.readers().length === 1)
  const queued = await uploadOne(client, await page('queued', 'throw-once-2.png'))
  for (const { id } of [queued, running]) {
    const cancelled = await client.cancel(id)
    assert.deepEqual([cancelled.status, cancelled.outcome], ['finished', 'cancelled'])
    assert.equal(await problemOf(client.text(id)), '409 cancelled')
  }
  // The worker is free again, though its page would have taken a minute.
  const next = await uploadOne(client, await page('next'), 20)
  assert.equal(next.result?.pages[0]?.text, await textOf('next'))
  await client.retry(queued.id)
  assert.equal((await client.document(queued.id, 20)).outcome, 'succeeded')
})

test('an upload overtakes a bulk run, and waits while the queue is paused', async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, manyPaths(200, 'slow'))
  const { client } = await startService(scene, {
    SCRIPTORIUM_ROOTS: `scans=${scene.input}`,
    FAULT_SLOW_MS: '100',
  })
  const run = await client.startRun({ root: 'scans' })
  await waitFor('the run is on its way', () => scene.readers().length >= 4)
  const begun = scene.readers().length
  const urgent = await uploadOne(client, await page('urgent'), 20)
  assert.equal(urgent.outcome, 'succeeded')
  const ahead = scene.readers().length - begun
  assert.ok(ahead < 20, `${ahead} pages of 200 were read meanwhile`)

  const setQueue = (paused: boolean): Promise<unknown> =>
    client.json('/v1/queue', {
      method: 'PUT',
      body: JSON.stringify({ paused }),
      headers: { 'content-type': 'application/json' },
    })
  await setQueue(true)
  const held = await uploadOne(client, await page('held'))
  assert.equal((await client.document(held.id, 1)).status, 'queued')
  await setQueue(false)
  assert.equal((await client.document(held.id, 20)).outcome, 'succeeded')

  const cancelled = await client.post<RunView>(`/v1/runs/${run.id}/cancel`)
  assert.equal(cancelled.state, 'cancelled')
  assert.ok((cancelled.counts['cancelled'] ?? 0) > 100)
  assert.equal(cancelled.counts['open'], undefined)
})

test('an upload is kept for its retention, and its request id is in every log', async (t) => {
  const scene = createScene(t)
  const { client, data } = await startService(scene, {
    SCRIPTORIUM_RETENTION: '1s',
    SCRIPTORIUM_ENGINE: join(repository, 'test/fixtures/engines/faults.ts'),
  })
  const form = new FormData()
  form.append('files', await page('gone', 'throw-once.png'))
  const answer = await client.json<DocumentView>('/v1/documents?wait=20', {
    method: 'POST',
    body: form,
    headers: { 'x-request-id': 'walk-42' },
  })
  assert.equal(answer.outcome, 'succeeded')
  await waitFor('it has expired', async () => {
    const [status] = (await problemOf(client.text(answer.id)).catch(() => '')).split(' ')
    return status === '410'
  })
  assert.ok(!existsSync(join(data, 'spool/inputs', answer.sha256 ?? '')))
  assert.notEqual((await client.document(answer.id)).expiresAt, null)
  const log = readFileSync(join(data, 'scriptorium.log'), 'utf8').split('\n')
  for (const component of ['api', 'worker', 'aggregator']) {
    const lines = log.filter((line) => line.includes(`"component":"${component}"`))
    assert.ok(
      lines.some((line) => line.includes('walk-42')),
      `${component} names the request`,
    )
  }
})
