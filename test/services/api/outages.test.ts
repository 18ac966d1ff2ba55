import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import { formOf, startApi, type Api } from '../../helpers/api/api.ts'
import { startBlackHole, type BlackHole } from '../../helpers/processes/black-hole.ts'
import { pngOf } from '../../helpers/pages/pages.ts'
import { waitFor } from '../../helpers/wait.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
const upload = async (seed: string) => ({
  body: formOf([{ name: `${seed}.png`, bytes: await pngOf(seed) }]),
})
const webhook = { body: { url: 'https://example.org/hook' } }

/** Requests that write to Redis. */
async function writing(id: string): Promise<[Method, string, { body: unknown }?][]> {
  return [
    ['POST', '/v1/documents', await upload('other')],
    ['POST', '/v1/runs', { body: { root: 'scans' } }],
    ['POST', '/v1/runs', { body: { root: 'scans', pdfPassword: 'p' } }],
    ['PUT', '/v1/queue', { body: { paused: true } }],
    ['DELETE', `/v1/documents/${id}`],
    ['POST', '/v1/webhooks', webhook],
  ]
}

/** An API with one finished document; its aggregator has stopped as if it had been killed. */
async function setUp(
  t: TestContext,
  given: Record<string, string> = {},
  more: Parameters<typeof startApi>[2] = {},
) {
  const api = await startApi(t, given, more)
  const aggregator = api.startAggregator()
  const { id } = (await api.call<DocumentView>('POST', '/v1/documents', await upload('first'))).body
  await api.read(id)
  await aggregator.stop()
  return { api, id }
}

/** After the outage, a new upload is read. */
async function isWellAgain(api: Api): Promise<void> {
  api.startAggregator()
  const given = await upload('afterwards')
  const { body } = await waitFor('it is accepted', async () => {
    const answer = await api.call<DocumentView>('POST', '/v1/documents', given)
    return answer.status === 202 && answer
  })
  await api.read(body.id)
}

const isEmpty = (folder: string) =>
  waitFor('nothing is left', () => readdirSync(folder).length === 0)

/** A small disk of the test's own; undefined where only root may have one. */
function mountDisk(t: TestContext, size: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'scriptorium-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], {
      stdio: 'ignore',
    })
  } catch {
    rmSync(folder, { recursive: true })
    t.skip('only root may mount a disk')
    return undefined
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** Fills a disk to its last byte; returns a function that frees it. */
function fill(folder: string): () => void {
  const file = join(folder, '.filler')
  for (const bytes of [65_536, 512]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' })
    } catch {
      // It is full.
    }
  }
  return () => rmSync(file)
}

test('with Redis out of memory, routes that need it answer 503, and reads from the ledger work', async (t) => {
  const { api, id } = await setUp(t)
  const { redis } = api.context
  await redis.config('SET', 'maxmemory', '1')
  for (const [method, url, given] of await writing(id)) {
    const { headers } = await api.refused(503, 'redis_full', method, url, given)
    assert.ok(headers['retry-after'])
  }
  await isEmpty(api.spool.tmp)
  await isEmpty(api.spool.tickets)
  for (const url of [`/v1/documents/${id}`, '/v1/documents', '/v1/runs', '/v1/queue', '/metrics']) {
    assert.equal((await api.call('GET', url)).status, 200, url)
  }
  const ready = await api.call<{ checks: { redis: { ok: boolean } } }>('GET', '/readyz')
  assert.deepEqual([ready.status, ready.body.checks.redis.ok], [503, false])
  await redis.config('SET', 'maxmemory', '0')
  await isWellAgain(api)
})

test('behind a black hole every request ends, and the first one after it succeeds', async (t) => {
  let hole: BlackHole | undefined
  const reach = async (url: string) => {
    hole = await startBlackHole(t, url)
    return hole.url
  }
  const { api, id } = await setUp(t, {}, { reach })
  hole?.swallow()
  for (const [method, url, given] of await writing(id)) {
    await api.refused(503, 'redis_unreachable', method, url, given)
  }
  for (const url of ['/v1/queue', '/v1/workers', '/metrics']) {
    await api.refused(503, 'redis_unreachable', 'GET', url)
  }
  assert.equal((await api.call('GET', `/v1/documents/${id}`)).status, 200)
  assert.equal((await api.call('GET', '/readyz')).status, 503)
  await isEmpty(api.spool.tmp)
  hole?.heal()
  await isWellAgain(api)
})

test('a full disk is 507 at every step of an upload, which leaves nothing', async (t) => {
  const disk = mountDisk(t, '8m')
  if (disk === undefined) return
  const { api } = await setUp(t, { SCRIPTORIUM_DATA: disk })
  const free = fill(disk)
  const page = await upload('full')
  await api.refused(507, 'disk_full', 'POST', '/v1/documents', page)
  const filler = join(disk, '.filler')
  const blocks = Math.ceil((await pngOf('full')).length / 4_096)
  // Room for the file, and for nothing else.
  truncateSync(filler, statSync(filler).size - blocks * 4_096)
  const { headers } = await api.refused(507, 'disk_full', 'POST', '/v1/documents', page)
  assert.ok(headers['retry-after'])
  await isEmpty(api.spool.tmp)
  await isEmpty(api.spool.tickets)
  assert.equal((await api.call('GET', '/v1/documents')).status, 200)
  free()
  await isWellAgain(api)
})

test('a missing, damaged or replaced ledger is 503 until it is repaired, and then found', async (t) => {
  const { api, id } = await setUp(t)
  const file = ledgerFile(api.data)
  const look = `/v1/documents/${id}`
  assert.equal((await api.call('GET', look)).status, 200)
  const aside = join(api.folder, 'aside.sqlite')
  const copy = join(api.folder, 'copy.sqlite')
  const database = new DatabaseSync(file, { readOnly: true })
  database.exec(`VACUUM INTO '${copy}'`)
  database.close()
  renameSync(file, aside)
  await api.refused(503, 'ledger_unavailable', 'GET', look)
  await api.refused(503, 'ledger_unavailable', 'POST', '/v1/documents', await upload('lost'))
  for (const name of ['-wal', '-shm']) rmSync(`${file}${name}`, { force: true })
  writeFileSync(file, 'no database '.repeat(1_000))
  const { headers } = await api.refused(503, 'ledger_unavailable', 'GET', look)
  assert.ok(headers['retry-after'])
  const empty = join(api.folder, 'empty.sqlite')
  const made = new DatabaseSync(empty)
  made.exec('CREATE TABLE a (b)')
  made.close()
  renameSync(empty, file)
  await api.refused(503, 'ledger_unavailable', 'GET', look)
  for (const name of ['-wal', '-shm']) rmSync(`${file}${name}`, { force: true })
  renameSync(copy, file)
  assert.equal((await api.call('GET', look)).status, 200)
})
