import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '../../../scripts/client/client.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { createEngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { jobIdOf, uploadDocumentId } from '../../../shared/contract/ids.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import { defaultRecipe, fingerprintOf } from '../../../shared/contract/recipe.ts'
import { connectPromptly } from '../../../shared/redis/connection/redis.ts'
import { openSpool, ticketFile } from '../../../shared/files/spool.ts'
import { pngOf, textOf } from '../../helpers/pages/pages.ts'
import { freePort } from '../../../scripts/tools/chaos/world/ports.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { makeAcceptance } from '../../helpers/ledger/records.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

/** Uploads until it is answered, as a client does whose service goes away: the same bytes are the same document. */
async function uploadPatiently(client: Client, seed: string): Promise<string> {
  const file = new File([new Uint8Array(await pngOf(seed))], `slow-${seed}.png`)
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await client.upload([file])
      assert.ok('id' in answer)
      return answer.id
    } catch (thrown) {
      if (tries === 100) throw thrown
      await delay(100)
    }
  }
}

/** Uploads 24 pages, four at a time, with `interfere` in the middle; then each must be read right, once in the end. */
async function uploadThrough(
  scene: Scene,
  client: Client,
  interfere: (uploaded: number) => unknown,
): Promise<void> {
  const seeds = Array.from({ length: 24 }, (_, index) => `upload-${index}`)
  const ids = new Map<string, string>()
  const waiting = [...seeds]
  const uploadNext = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      ids.set(seed, await uploadPatiently(client, seed))
      await interfere(ids.size)
    }
  }
  await Promise.all([uploadNext(), uploadNext(), uploadNext(), uploadNext()])
  for (const [seed, id] of ids) {
    const text = await waitFor(`${seed} is read`, async () => {
      const view = await client.document(id).catch(() => undefined)
      return view?.status === 'finished' ? client.text(id) : undefined
    })
    assert.equal(text.trim(), await textOf(seed))
  }
  const listed: DocumentView[] = []
  for await (const view of client.all<DocumentView>('/v1/documents?limit=10')) listed.push(view)
  assert.deepEqual(
    listed.map(({ id }) => id).toSorted(),
    [...ids.values()].toSorted(),
    'one record each, and no other',
  )
  assert.ok(listed.every(({ outcome }) => outcome === 'succeeded'))
  const spool = join(scene.folder, 'data', 'spool')
  await waitFor('the tickets are gone', () => readdirSync(join(spool, 'tickets')).length === 0)
}

const slow = { FAULT_SLOW_MS: '100' }
const kill = (scene: Scene, part: string): void => {
  for (const { pid } of findProcesses(scene.folder, part).slice(0, 1)) process.kill(pid, 'SIGKILL')
}

test('accepted uploads are read once although the API is killed repeatedly', async (t) => {
  const scene = createScene(t)
  // A fixed port, so that the restarted API has the same address.
  const { client } = await startService(scene, { ...slow, PORT: String(await freePort()) })
  await uploadThrough(scene, client, (uploaded) => {
    if (uploaded === 6 || uploaded === 15) kill(scene, 'services/api/main.ts')
  })
})

test('accepted uploads are read once although aggregator and workers are killed', async (t) => {
  const scene = createScene(t)
  const { client } = await startService(scene, slow)
  await uploadThrough(scene, client, (uploaded) => {
    if (uploaded === 5) kill(scene, 'services/aggregator/main.ts')
    if (uploaded === 10 || uploaded === 18) kill(scene, 'workers/ocr/main.ts')
  })
  // A page in a killed worker's hands, and the one that was prepared beside it, are read once more at most.
  for (const [label, count] of scene.readings()) assert.ok(count <= 3, `${label} ${count}`)
})

test('accepted uploads are read once although Redis is killed', async (t) => {
  const scene = createScene(t)
  const { client } = await startService(scene, slow)
  await uploadThrough(scene, client, (uploaded) => {
    if (uploaded === 8) kill(scene, 'redis-server unixsocket')
  })
})

test('accepted uploads are read although Redis is wiped and API and aggregator are killed with it', async (t) => {
  const scene = createScene(t)
  const { client, data } = await startService(scene, { ...slow, PORT: '18392' })
  const redis = await connectPromptly(readFileSync(join(data, 'redis.url'), 'utf8'))
  t.after(() => redis.disconnect())
  const victims: Record<number, string[]> = {
    4: ['services/aggregator/main.ts'],
    9: ['services/api/main.ts'],
    14: ['services/aggregator/main.ts', 'services/api/main.ts'],
    19: [],
  }
  await uploadThrough(scene, client, async (uploaded) => {
    const parts = victims[uploaded]
    if (parts === undefined) return
    for (const part of parts) kill(scene, part)
    await redis.flushall()
  })
})

test('accepted uploads of a dead API are taken up from the spool, others are not', async (t) => {
  const scene = createScene(t)
  const spool = openSpool(join(scene.folder, 'data'))
  const identify = createEngineIdentities(scene.environment['SCRIPTORIUM_ENGINE'] ?? '', undefined)
  const fingerprint = fingerprintOf(defaultRecipe, await identify(defaultRecipe))
  const arrived = await pngOf('arrived')
  const lost = await pngOf('lost')
  for (const [runId, bytes, isThere] of [
    ['r1', arrived, true],
    ['r2', lost, false],
  ] as const) {
    const sha256 = hash('sha256', bytes)
    const documentId = uploadDocumentId(sha256, fingerprint)
    const jobId = jobIdOf(documentId, '', fingerprint, 1)
    const upload = { sha256, bytes: bytes.length, name: `${runId}.png`, mediaType: 'image/png' }
    const acceptance: Acceptance = {
      ...makeAcceptance([], { runId, root: spool.inputs }),
      fingerprint,
      documents: [{ documentId, jobId, pass: 1, ...upload }],
    }
    writeFileSync(ticketFile(spool, runId), JSON.stringify(acceptance))
    if (isThere) writeFileSync(join(spool.inputs, sha256), bytes)
  }
  mkdirSync(spool.tmp, { recursive: true })
  writeFileSync(join(spool.tmp, 'half'), lost.subarray(0, 10))
  const { client } = await startService(scene)
  const read = await waitFor('it is read', async () => {
    const [view] = (await client.json<{ items: DocumentView[] }>('/v1/documents')).items
    return view?.status === 'finished' ? view : undefined
  })
  assert.equal(read.runId, 'r1')
  assert.equal((await client.text(read.id)).trim(), await textOf('arrived'))
  assert.equal(scene.readers().length, 1)
  await waitFor('the tickets are gone', () => readdirSync(spool.tickets).length === 0)
  assert.equal((await client.json<{ items: unknown[] }>('/v1/documents')).items.length, 1)
})
