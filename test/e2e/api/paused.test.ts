import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Client } from '../../../scripts/client/client.ts'
import type { RunReport } from '../../../shared/contract/report.ts'
import type { RunView } from '../../../services/api/schemas/run.ts'
import { readText } from '../../helpers/outcome.ts'
import { manyPaths, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

const within = 120_000
const generous = { timeout: 300_000 }

const until = (client: Client, { id }: RunView, state: RunView['state']) =>
  waitFor(
    `the run is ${state}`,
    async () => {
      const view = await client.run(id)
      return view.state === state && view
    },
    within,
  )

test(
  'A run pauses when the engine breaks, stays paused over a restart, and is resumed by one request',
  generous,
  async (t) => {
    const scene = createScene(t)
    const scans = join(scene.folder, 'scans')
    mkdirSync(scans)
    const texts = await writePages(scans, manyPaths(400, 'slow'))
    const output = join(scene.folder, 'output')
    const { client } = await startService(scene, {
      SCRIPTORIUM_ROOTS: `scans=${scans}`,
      SCRIPTORIUM_OUTPUT: output,
      FAULT_SLOW_MS: '20',
    })
    const run = await client.startRun({ root: 'scans', maxFailures: '20' })
    await assert.rejects(client.post(`/v1/runs/${run.id}/resume`), /^Error: 409 run_active/)
    await waitFor('some are read', () => scene.readings().size >= 60, within)
    const broken = join(scene.folder, 'broken')
    writeFileSync(broken, '')
    const paused = await until(client, run, 'paused')
    assert.deepEqual([paused.error?.code, paused.pause?.rule], ['engine_failed', 'in_a_row'])
    assert.match(paused.pause?.message ?? '', /^\d+ readings in a row failed \(engine_failed\)/)
    assert.ok((paused.counts['succeeded'] ?? 0) > 0)
    const all = await waitFor(
      'the pages in hand have ended',
      async () => {
        const { counts } = await client.run(run.id)
        const depth = await client.json<{ active: number; bulk: number; delayed: number }>(
          '/v1/queue',
        )
        return depth.active + depth.bulk + depth.delayed === 0 && counts
      },
      within,
    )
    assert.deepEqual(Object.keys(all).toSorted(), ['open', 'succeeded'], 'nothing has failed')
    const report = await client.json<RunReport>(run.links.report)
    assert.equal(report.pause?.code, 'engine_failed')
    assert.ok(!JSON.stringify([paused, report]).includes(scene.folder), 'no path of the host')
    await assert.rejects(client.post(`/v1/runs/${run.id}/retry-failed`), /^Error: 409/)

    const [aggregator] = findProcesses(scene.folder, 'aggregator/main.ts')
    assert.ok(aggregator)
    process.kill(aggregator.pid, 'SIGKILL')
    await waitFor('another aggregator', () =>
      findProcesses(scene.folder, 'aggregator/main.ts').some(({ pid }) => pid !== aggregator.pid),
    )
    assert.equal((await client.run(run.id)).state, 'paused')

    rmSync(broken)
    const resumed = await waitFor(
      'it is resumed',
      async () => client.post<RunView>(`/v1/runs/${run.id}/resume`).catch(() => undefined),
      within,
    )
    assert.equal(resumed.id, run.id)
    const end = await until(client, run, 'finished')
    assert.deepEqual(end.counts, { succeeded: texts.size })
    for (const [path, text] of texts)
      assert.equal(readText(join(output, 'scans'), path), `${text}\n`)
  },
)

test(
  'An API run reads its canaries first; a run paused by its files continues when it is resumed',
  generous,
  async (t) => {
    const scene = createScene(t)
    const scans = join(scene.folder, 'scans')
    mkdirSync(scans)
    const texts = await writePages(scans, manyPaths(20))
    for (let index = 0; index < 80; index += 1) {
      writeOld(join(scans, `${index % 10}/letter-${index}.docx`), `PK\u0003\u0004 ${index}`)
    }
    const { client } = await startService(scene, { SCRIPTORIUM_ROOTS: `scans=${scans}` })
    const run = await client.startRun({ root: 'scans', canary: 10 })
    const paused = await until(client, run, 'paused')
    assert.deepEqual([paused.pause?.rule, paused.pause?.of], ['canary', 10])
    assert.equal(paused.pause?.code, 'unsupported_type')
    await client.post(`/v1/runs/${run.id}/resume`)
    const end = await until(client, run, 'finished')
    assert.deepEqual(end.counts, { succeeded: texts.size, rejected: 80 })
  },
)
