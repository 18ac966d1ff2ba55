import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectPromptly } from '../../../shared/redis/connection/redis.ts'
import type { Client } from '../../../scripts/client/client.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { pngOf, textOf } from '../../helpers/pages/pages.ts'
import { freePort } from '../../../scripts/tools/chaos/world/ports.ts'
import { findProcesses, repository } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, severalOf, startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

async function everyDocument(client: Client): Promise<DocumentView[]> {
  const views: DocumentView[] = []
  for await (const view of client.all<DocumentView>('/v1/documents?limit=100')) views.push(view)
  return views
}

const moments = [
  { moment: 'before the input is kept', isAccepted: false },
  { moment: 'after the input is kept', isAccepted: false },
  { moment: 'before the ticket is issued', isAccepted: false },
  { moment: 'after the ticket is issued', isAccepted: true },
  { moment: 'before the job is added', isAccepted: true },
  { moment: 'after the job is added', isAccepted: true },
]

for (const { moment, isAccepted } of moments) {
  const what = isAccepted ? 'is read once without being sent again' : 'leaves no trace'
  test(`An upload whose API dies ${moment} ${what}`, async (t) => {
    const scene = createScene(t)
    const mark = join(scene.folder, 'died')
    const { client, address, data } = await startService(scene, {
      PORT: String(await freePort()),
      NODE_OPTIONS: `--import ${join(repository, 'test/fixtures/processes/die-at.ts')}`,
      DIE_AT: moment,
      DIE_MARK: mark,
    })
    await assert.rejects(client.upload([await fileOf('unlucky')]), 'nobody answers')
    assert.ok(existsSync(mark))
    await waitFor('the API is back', () =>
      fetch(`${address}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    const tickets = join(data, 'spool', 'tickets')
    await waitFor('the ticket has done its duty', () => readdirSync(tickets).length === 0)
    if (isAccepted) {
      const [view] = await waitFor('it is read', async () => {
        const views = await everyDocument(client)
        return views[0]?.status === 'finished' && views
      })
      assert.deepEqual([view?.name, view?.outcome], ['unlucky.png', 'succeeded'])
    } else assert.deepEqual(await everyDocument(client), [])

    const again = oneOf(await client.upload([await fileOf('unlucky')], { wait: 30 }))
    assert.equal(again.outcome, 'succeeded')
    assert.equal(await client.text(again.id), `${await textOf('unlucky')}\n`)
    assert.equal((await everyDocument(client)).length, 1)
    assert.equal(scene.readings().get('unlucky.png#1'), 1)
    await waitFor('no ticket is left', () => readdirSync(tickets).length === 0)
  })
}

test('Every upload answered with 202 is read even if Redis is wiped at that moment', async (t) => {
  const scene = createScene(t)
  const { client, data } = await startService(scene, { FAULT_SLOW_MS: '30' })
  const redis = await connectPromptly(readFileSync(join(data, 'redis.url'), 'utf8'))
  t.after(() => redis.disconnect())
  const accepted = new Map<string, string>()
  for (let round = 0; round < 4; round += 1) {
    const names = Array.from({ length: 6 }, (_, index) => `slow-${round}-${index}`)
    const files = await Promise.all(names.map((name) => fileOf(name)))
    const { documents } = severalOf(await client.upload(files))
    for (const { id, name } of documents) accepted.set(id, name.replace('.png', ''))
    await redis.flushall()
  }
  for (const [id, seed] of accepted) {
    const view = await waitFor(`${seed} is read`, async () => {
      const found = await client.document(id) // Its ticket exists, whatever Redis lost.
      return found.status === 'finished' && found
    })
    assert.equal(view.outcome, 'succeeded')
    assert.equal(await client.text(id), `${await textOf(seed)}\n`)
  }
  assert.deepEqual(
    (await everyDocument(client)).map(({ id }) => id).toSorted(),
    [...accepted.keys()].toSorted(),
  )
  const tickets = join(data, 'spool', 'tickets')
  await waitFor('no ticket is left', () => readdirSync(tickets).length === 0)
})

test('A client that disconnects in the middle of its upload leaves nothing', async (t) => {
  const scene = createScene(t)
  const { client, address, data } = await startService(scene)
  const bytes = await pngOf('cut')
  const port = Number(new URL(address).port)
  const tmp = join(data, 'spool', 'tmp')
  const boundary = 'b0undary'
  const part = `--${boundary}\r\ncontent-disposition: form-data; name="files"; filename="cut.png"\r\n\r\n`
  const bodies = [
    { type: 'image/png', body: bytes },
    {
      type: `multipart/form-data; boundary=${boundary}`,
      body: Buffer.concat([Buffer.from(part), bytes]),
    },
  ]
  for (const { type, body } of bodies) {
    for (const share of [0.5, 0.9, 1]) {
      const socket = connect(port, '127.0.0.1')
      const head = [
        'POST /v1/documents HTTP/1.1',
        'host: localhost',
        `content-type: ${type}`,
        `content-length: ${body.length + 1_000}`,
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n`)
      socket.write(body.subarray(0, Math.ceil(body.length * share)))
      await waitFor('it is under way', () => readdirSync(tmp).length > 0)
      socket.resetAndDestroy()
      await waitFor('its draft is gone', () => readdirSync(tmp).length === 0)
    }
  }
  assert.deepEqual(await everyDocument(client), [])
  for (const folder of ['inputs', 'tickets']) {
    assert.deepEqual(readdirSync(join(data, 'spool', folder)), [])
  }
  const whole = oneOf(await client.upload([await fileOf('cut')], { wait: 30 }))
  assert.equal(whole.outcome, 'succeeded')
  assert.equal(scene.readings().get('cut.png#1'), 1)
})

test('A watcher of a run misses no event although the API is killed meanwhile', async (t) => {
  const scene = createScene(t)
  const more = { PORT: String(await freePort()), FAULT_SLOW_MS: '150' }
  const { client } = await startService(scene, more)
  const names = Array.from({ length: 24 }, (_, index) => `slow-${index}`)
  const files = await Promise.all(names.map((name) => fileOf(name)))
  const { links, documents } = severalOf(await client.upload(files))
  const seen: string[] = []
  let lastEventId = '0-0'
  let kills = 0
  while (!lastEventId.endsWith('-end')) {
    try {
      for await (const { id, event, data } of client.follow(links, { lastEventId })) {
        if (id === undefined) continue
        lastEventId = id
        if (event === 'document') seen.push((JSON.parse(data) as { documentId: string }).documentId)
        if (event === 'document' && [4, 12].includes(seen.length) && kills < 2) {
          kills += 1
          for (const { pid } of findProcesses(scene.folder, 'services/api/main.ts')) {
            process.kill(pid, 'SIGKILL')
          }
        }
      }
    } catch {
      await waitFor('the API is back', () =>
        client.send('/livez').then(
          () => true,
          () => false,
        ),
      )
    }
  }
  assert.equal(kills, 2)
  assert.deepEqual(seen.toSorted(), documents.map(({ id }) => id).toSorted())
})
