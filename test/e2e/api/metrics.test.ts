import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Heartbeat } from '../../../shared/redis/heartbeats.ts'
import { writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

test('The metrics of all roles reach the API, and stay when a worker is killed', async (t) => {
  const scene = createScene(t)
  const scans = join(scene.folder, 'scans')
  mkdirSync(scans)
  await writePages(scans, ['a.png', 'b.png'])
  const { client } = await startService(scene, { SCRIPTORIUM_ROOTS: `scans=${scans}` })
  /** Samples whose name begins so, by name and labels. */
  const samples = async (prefix: string): Promise<Map<string, number>> => {
    const text = await (await client.send('/metrics')).text()
    const lines = text.split('\n').filter((line) => line.startsWith(prefix))
    return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]))
  }
  const upload = async (name: string) =>
    client.upload([await fileOf(name)], { wait: 30, options: { attempts: 2 } })
  const workers = async () => (await client.json<{ items: Heartbeat[] }>('/v1/workers')).items
  const counts = 'scriptorium_stage_seconds_count'

  await upload('throw-once-1')
  await client.startRun({ root: 'scans' })
  const before = await waitFor('every stage is counted', async () => {
    const found = await samples(counts)
    const stages = ['open', 'prepare', 'recognise'].map((stage) =>
      found.get(`${counts}{stage="${stage}"}`),
    )
    const written = found.get(`${counts}{stage="write"}`)
    return stages.every((count) => count === 3) && written === 2 && found
  })
  assert.ok((before.get(`${counts}{stage="queue"}`) ?? 0) >= 3)
  const others = await samples('scriptorium_')
  for (const [name, value] of [
    ['scriptorium_retries_total{code="engine_failed"}', 1],
    ['scriptorium_engine_replacements_total{reason="failed"}', 1],
    ['scriptorium_documents_total{outcome="succeeded"}', 3],
    ['scriptorium_pages_total{outcome="succeeded"}', 3],
    ['scriptorium_aggregators', 1],
    ['scriptorium_ledger_writable', 1],
  ] as const)
    assert.equal(others.get(name), value, name)
  assert.ok((others.get('scriptorium_reading_seconds_count{engine="other"}') ?? 0) >= 3)
  for (const role of ['api', 'aggregator', 'worker'])
    assert.ok((others.get(`scriptorium_resident_bytes{role="${role}"}`) ?? 0) > 1e7, role)

  const killed = await workers()
  for (const { pid } of killed) process.kill(pid, 'SIGKILL')
  await waitFor('others have taken their places', async () => {
    const ids = (await workers()).map(({ id }) => id)
    return ids.some((id) => !killed.some((one) => one.id === id))
  })
  for (const [name, count] of before) {
    assert.ok(((await samples(name)).get(name) ?? 0) >= count, name)
  }
  await upload('later')
  const total = `${counts}{stage="recognise"}`
  await waitFor('the next page is added', async () => (await samples(total)).get(total) === 4)
})
