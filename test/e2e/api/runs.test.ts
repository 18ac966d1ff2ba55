import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Client } from '../../../scripts/client/client.ts'
import type { ScriptoriumDocument } from '../../../shared/contract/result/document.ts'
import type { RunReport } from '../../../shared/contract/report.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import type { RunView } from '../../../services/api/schemas/run.ts'
import { readText } from '../../helpers/outcome.ts'
import { manyPaths, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

const ended = (client: Client, { id }: RunView) =>
  waitFor('the run ends', async () => {
    const view = await client.run(id)
    return view.state !== 'active' && view
  })

test('A folder below a root is read, has a full report, and is skipped the next time', async (t) => {
  const scene = createScene(t)
  const scans = join(scene.folder, 'scans')
  const output = join(scene.folder, 'output')
  const folder = join(scans, 'box 1')
  mkdirSync(folder, { recursive: true })
  const texts = await writePages(folder, manyPaths(24, 'slow'))
  writeOld(join(folder, 'notes.txt'), 'no page')
  writeOld(join(folder, 'bad.png'), 'no image')
  writeOld(join(scans, 'elsewhere.png'), 'not in this run')
  const more = {
    SCRIPTORIUM_ROOTS: `scans=${scans}`,
    SCRIPTORIUM_OUTPUT: output,
    FAULT_SLOW_MS: '20',
  }
  const { client } = await startService(scene, more)
  const body = { root: 'scans', path: 'box 1', include: ['**/*.png'], tag: 'box 1' }
  const run = await client.startRun(body)
  assert.deepEqual([run.root, run.path, run.tag, run.source], ['scans', 'box 1', 'box 1', 'folder'])
  const outcomes: string[] = []
  for await (const { event, data } of client.follow(run.links, { lastEventId: '0-0' })) {
    if (event === 'document') outcomes.push((JSON.parse(data) as { outcome: string }).outcome)
  }
  assert.equal(outcomes.filter((outcome) => outcome === 'succeeded').length, texts.size)
  assert.equal(outcomes.filter((outcome) => outcome === 'rejected').length, 1)
  const end = await client.run(run.id)
  assert.deepEqual([end.state, end.counts], ['finished', { succeeded: texts.size, rejected: 1 }])
  assert.ok((end.pagesPerSecond ?? 0) > 0)

  const report = await client.json<RunReport>(run.links.report)
  assert.deepEqual([report.outcomes, report.pagesRead], [end.counts, texts.size])
  assert.equal(report.root, 'scans/box 1')
  const lines = (await (await client.send(run.links.results)).text()).trimEnd().split('\n')
  const results = lines.map((line) => JSON.parse(line) as ScriptoriumDocument)
  assert.deepEqual(
    results
      .filter(({ outcome }) => outcome === 'succeeded')
      .map(({ path, pages }): [string, string | undefined] => [path, pages[0]?.text])
      .toSorted(),
    [...texts].toSorted(),
  )
  const documents: DocumentView[] = []
  for await (const view of client.all<DocumentView>(`${run.links.documents}?limit=10`)) {
    documents.push(view)
  }
  assert.deepEqual(
    documents.map(({ name }) => name).toSorted(),
    [...texts.keys(), 'bad.png'].toSorted(),
  )
  assert.ok(documents.every(({ expiresAt, priority }) => expiresAt === null && priority === 'bulk'))
  for (const [path, text] of texts) {
    assert.equal(readText(join(output, 'scans', 'box 1'), path), `${text}\n`)
  }
  for (const answer of [end, report, ...results, ...documents]) {
    assert.ok(!JSON.stringify(answer).includes(scene.folder), 'no path of the host')
  }

  const second = await ended(client, await client.startRun(body))
  assert.deepEqual(second.counts, { skipped_unchanged: texts.size })
  assert.equal((await client.json<RunReport>(second.links.report)).failedEarlier, 1)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})

test('A run is cancelled while it is planned and read, and continues when it is started again', async (t) => {
  const scene = createScene(t)
  const scans = join(scene.folder, 'scans')
  mkdirSync(scans)
  const texts = await writePages(scans, manyPaths(60, 'slow'))
  const more = { SCRIPTORIUM_ROOTS: `scans=${scans}`, FAULT_SLOW_MS: '150' }
  const { client } = await startService(scene, more)
  const run = await client.startRun({ root: 'scans' })
  await assert.rejects(client.startRun({ root: 'scans' }), /^Error: 409 run_active/)
  await waitFor('some are read', () => scene.readings().size >= 10)
  const cancelled = await client.post<RunView>(`/v1/runs/${run.id}/cancel`)
  assert.equal(cancelled.state, 'cancelled')
  // The last page read was still being written then.
  const counts = await waitFor('every document has ended', async () => {
    const view = await client.json<RunView>(run.links.self)
    const { succeeded = 0, cancelled: left = 0 } = view.counts
    return succeeded + left === texts.size && { succeeded, left }
  })
  assert.ok(counts.left > 0 && counts.succeeded > 0, JSON.stringify(counts))
  const events: (string | undefined)[] = []
  for await (const { event } of client.follow(run.links)) events.push(event)
  assert.equal(events.at(-1), 'finished')

  await client.post(`/v1/runs/${run.id}/retry-failed`)
  const end = await ended(client, run)
  assert.deepEqual([end.state, end.counts], ['finished', { succeeded: texts.size }])
  const lines = (await (await client.send(run.links.results)).text()).trimEnd().split('\n')
  const read = lines.map((line) => JSON.parse(line) as ScriptoriumDocument)
  assert.deepEqual(
    read.map(({ path, pages }): [string, string | undefined] => [path, pages[0]?.text]).toSorted(),
    [...texts].toSorted(),
  )
})
