import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Client } from '../../../scripts/client/client.ts'
import { verifySignature } from '../../../services/aggregator/webhooks/sign.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { manyPaths, pngOf, textOf, writePages } from '../../helpers/pages/pages.ts'
import { startReceiver } from '../../helpers/api/receiver.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, severalOf, startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

const reading = (client: Client, id: string) =>
  waitFor('it is being read', async () => (await client.document(id)).status === 'reading')

test('Queued and active documents can be cancelled, and documents that ended without text retried', async (t) => {
  const scene = createScene(t)
  const more = { SCRIPTORIUM_WORKERS: '1', FAULT_SLOW_MS: '100' }
  const { client } = await startService(scene, more)
  const upload = async (name: string, options = {}): Promise<DocumentView> =>
    oneOf(await client.upload([await fileOf(name)], { options }))

  await t.test(
    'cancels a page being read and one behind it; the next is read at once',
    async () => {
      const hanging = await upload('hang-1')
      await reading(client, hanging.id)
      const queued = await upload('queued')
      const next = await upload('next')
      const gone = await client.cancel(queued.id)
      assert.deepEqual([gone.status, gone.outcome], ['finished', 'cancelled'])
      const ended = await client.cancel(hanging.id)
      assert.deepEqual(
        [ended.status, ended.outcome, ended.error?.code],
        ['finished', 'cancelled', 'cancelled'],
      )
      // The engine would hang for a minute.
      const read = await waitFor(
        'the next is read',
        async () => {
          const view = await client.document(next.id)
          return view.status === 'finished' && view
        },
        45_000,
      )
      assert.equal(read.outcome, 'succeeded')
      assert.equal(scene.readings().get('queued.png#1'), undefined)
      await assert.rejects(client.text(hanging.id), /^Error: 409 cancelled/)

      await client.retry(queued.id)
      assert.equal((await client.document(queued.id, 30)).outcome, 'succeeded')
      assert.equal(await client.text(queued.id), `${await textOf('queued')}\n`)
    },
  )

  await t.test('retries a failed document', async () => {
    const { id } = await upload('throw-once-1', { attempts: 1 })
    const failed = await client.document(id, 30)
    assert.deepEqual([failed.outcome, failed.error?.code], ['failed', 'engine_failed'])
    await assert.rejects(client.text(id), /^Error: 422 engine_failed/)
    await client.retry(id)
    assert.equal((await client.document(id, 30)).outcome, 'succeeded')
  })

  await t.test('retries the failed documents of an upload', async () => {
    const names = ['fine', 'throw-once-2', 'throw-once-3']
    const files = await Promise.all(names.map((name) => fileOf(name)))
    const sent = await client.upload(files, { wait: 30, options: { attempts: 1 } })
    const { runId, documents } = severalOf(sent)
    assert.deepEqual(
      documents.map(({ outcome }) => outcome),
      ['succeeded', 'failed', 'failed'],
    )
    const run = () => client.run(runId)
    await waitFor('the run has ended', async () => (await run()).state === 'finished')
    await client.post(`/v1/runs/${runId}/retry-failed`)
    await waitFor('it is read after all', async () => (await run()).counts['succeeded'] === 3)
    await waitFor('the run has ended again', async () => (await run()).state === 'finished')
  })

  await t.test('cancels all unread documents of an upload', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `slow-${index}`)
    const files = await Promise.all(names.map((name) => fileOf(name)))
    const { runId } = severalOf(await client.upload(files))
    await waitFor(
      'some are read',
      async () => ((await client.run(runId)).counts['succeeded'] ?? 0) >= 2,
    )
    await client.post(`/v1/runs/${runId}/cancel`)
    const { counts } = await waitFor('it has ended', async () => {
      const view = await client.run(runId)
      return view.state !== 'active' && view
    })
    assert.equal((counts['succeeded'] ?? 0) + (counts['cancelled'] ?? 0), names.length)
    assert.ok((counts['cancelled'] ?? 0) >= 20, JSON.stringify(counts))
    const after = oneOf(await client.upload([await fileOf('after')], { wait: 30 }))
    assert.equal(after.outcome, 'succeeded')
    assert.ok(scene.readings().size < names.length, 'cancelled documents are not read')
  })
})

test('A paused fleet takes no jobs, and continues when it is resumed', async (t) => {
  const scene = createScene(t)
  const { client } = await startService(scene)
  const put = (paused: boolean) =>
    client.json<{ paused: boolean; interactive: number }>('/v1/queue', {
      method: 'PUT',
      body: JSON.stringify({ paused }),
      headers: { 'content-type': 'application/json' },
    })
  assert.equal((await put(true)).paused, true)
  const waiting = oneOf(await client.upload([await fileOf('patient')], { wait: 1 }))
  assert.equal(waiting.status, 'queued')
  assert.equal((await client.json<{ interactive: number }>('/v1/queue')).interactive, 1)
  assert.equal(scene.readings().size, 0)
  assert.equal((await put(false)).paused, false)
  assert.equal((await client.document(waiting.id, 30)).outcome, 'succeeded')
})

test('An interactive upload overtakes a bulk run of hundreds of pages', async (t) => {
  const scene = createScene(t)
  const scans = join(scene.folder, 'scans')
  mkdirSync(scans)
  await writePages(scans, manyPaths(300, 'slow'))
  // Slow, so that few pages are begun while an upload comes in on a busy machine.
  const more = { FAULT_SLOW_MS: '400', SCRIPTORIUM_ROOTS: `scans=${scans}` }
  const { client } = await startService(scene, more)
  const run = await client.startRun({ root: 'scans' })
  await waitFor('the run is planned and under way', async () => {
    const { isPlanned } = await client.run(run.id)
    return isPlanned && scene.readers().length >= 10
  })
  for (const name of ['urgent-1', 'urgent-2', 'urgent-3']) {
    const before = scene.readers().length
    const view = oneOf(await client.upload([await fileOf(name)], { wait: 30 }))
    assert.equal(view.outcome, 'succeeded')
    const at = scene.readers().findIndex(({ label }) => label === `${name}.png#1`)
    // Two workers, each with a page in hand and one prepared, and pages that they start while the file arrives.
    assert.ok(at - before <= 8, `${at - before} pages were begun before it`)
  }
  assert.ok(scene.readings().size < 300, 'the run was still going on')
  await client.post(`/v1/runs/${run.id}/cancel`)
})

test('Webhooks receive the ends of documents and runs, signed', async (t) => {
  const scene = createScene(t)
  const receiver = await startReceiver(t, (response) => void response.writeHead(204).end())
  const { client } = await startService(scene, { SCRIPTORIUM_OUTBOUND_ALLOW: '127.0.0.1/32' })
  const { secret } = await client.post<{ secret: string }>('/v1/webhooks', {
    url: `${receiver.url}/hook`,
    tag: 'told',
  })
  await client.upload([await fileOf('untold')], { wait: 30 })
  const options = { tag: 'told', metadata: { box: '7' } }
  const view = oneOf(await client.upload([await fileOf('told')], { wait: 30, options }))
  const seen = await waitFor('both are delivered', () => receiver.seen.length >= 2 && receiver.seen)
  const events = seen.map(({ headers }) => headers['scriptorium-event'])
  assert.deepEqual(events.toSorted(), ['document.finished', 'run.finished'])
  for (const { body, headers, path } of seen) {
    assert.equal(path, '/hook')
    const header = String(headers['scriptorium-signature'])
    assert.ok(verifySignature({ header, body, secret }))
    assert.ok(!verifySignature({ header, body: `${body} `, secret }))
    assert.ok(!body.includes(await textOf('told')), 'never the text')
    const { data } = JSON.parse(body) as { data: Record<string, unknown> }
    assert.deepEqual(
      [data['runId'], data['tag'], data['metadata']],
      [view.runId, 'told', { box: '7' }],
    )
  }
})

test('An expired document is 410, and its input is deleted', async (t) => {
  const scene = createScene(t)
  const more = { SCRIPTORIUM_RETENTION: '1s', SCRIPTORIUM_RECONCILE_MS: '200' }
  const { client, data } = await startService(scene, more)
  const view = oneOf(await client.upload([await fileOf('brief')], { wait: 30 }))
  const input = join(data, 'spool', 'inputs', hash('sha256', await pngOf('brief')))
  assert.ok(existsSync(input))
  assert.ok(Date.parse(view.expiresAt ?? '') - Date.parse(view.finishedAt ?? '') === 1_000)
  await waitFor('its input is deleted', () => !existsSync(input))
  await assert.rejects(client.text(view.id), /^Error: 410 expired/)
  await assert.rejects(client.retry(view.id), /^Error: (410 expired|409 already_finished)/)
  const search = await client.json<{ items: unknown[] }>(`/v1/search?q=${await textOf('brief')}`)
  assert.deepEqual(search.items, [])
  const again = oneOf(await client.upload([await fileOf('brief')], { wait: 30 }))
  assert.deepEqual([again.id, again.outcome], [view.id, 'succeeded'])
  assert.equal(scene.readings().get('brief.png#1'), 2)
})
