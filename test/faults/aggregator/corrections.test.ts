import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writePages } from '../../helpers/pages/pages.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

test('a correction that was answered survives kills of the aggregator, in the ledger and in the files', async (t) => {
  const scene = createScene(t)
  const [scans, output] = [join(scene.folder, 'scans'), join(scene.folder, 'output')]
  mkdirSync(scans)
  await writePages(scans, ['page.png'])
  const { client } = await startService(scene, {
    SCRIPTORIUM_ROOTS: `scans=${scans}`,
    SCRIPTORIUM_OUTPUT: output,
  })
  const run = await client.startRun({ root: 'scans', path: '', formats: ['txt', 'json'] })
  await waitFor('the run ends', async () => (await client.run(run.id)).state !== 'active')
  const listed = await client.json<{ items: { id: string }[] }>(`/v1/documents?run=${run.id}`)
  const id = listed.items[0]?.id ?? ''
  const path = `/v1/documents/${id}/pages/1/text`
  for (let revision = 0; revision < 4; revision += 1) {
    const text = `revision ${revision + 1}`
    const corrected = await client.json<{ revision: number }>(path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ revision, lines: [text] }),
    })
    // At once: its output files may not be written yet.
    const found = findProcesses(scene.folder, 'aggregator/main.ts')
    assert.equal(found.length, 1)
    for (const { pid } of found) process.kill(pid, 'SIGKILL')
    assert.equal(corrected.revision, revision + 1)
    const result = await client.send(`/v1/documents/${id}/result?format=txt`)
    assert.equal(await result.text(), `${text}\n`)
    const file = join(output, 'scans', 'page.png.txt')
    await waitFor('its file is written', () => readFileSync(file, 'utf8') === `${text}\n`)
  }
  const { items } = await client.json<{ items: { kind: string }[] }>(
    `/v1/documents/${id}/revisions`,
  )
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['reading', 'correction', 'correction', 'correction', 'correction'],
    'each is recorded once',
  )
})
