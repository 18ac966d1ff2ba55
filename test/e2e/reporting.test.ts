import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, readReport } from '../helpers/outcome.ts'
import { manyPaths, writePages } from '../helpers/pages/pages.ts'
import { startProgram } from '../helpers/processes/processes.ts'
import { createScene } from '../helpers/processes/scene.ts'
import { waitFor } from '../helpers/wait.ts'

interface Line {
  type: string
  path?: string
  outcome?: string
  outcomes?: unknown
}

test('With --json standard output is one JSON line per document, and the summary last', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(5))
  await writePages(scene.input, ['throw-a.png'])
  const report = join(scene.folder, 'made', 'for', 'report.json')
  const flags = ['--json', '--attempts', '1', '--report', report]
  const { code, stdout, stderr } = await scene.run([scene.input, ...flags])
  assert.equal(code, 2)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  const { type, ...summary } = lines.pop() ?? { type: 'none' }
  assert.equal(type, 'summary')
  assert.deepEqual(summary, readReport(report))
  const told = lines.map((line) => [line.type, line.path ?? '', line.outcome ?? ''].join(' '))
  const read = [...texts.keys()].map((path) => `document ${path} succeeded`)
  assert.deepEqual(told.toSorted(), [...read, 'document throw-a.png failed'].toSorted())
  assert.match(stderr, /^throw-a\.png: engine_failed: /m)
})

test('A dry run prints the plan, starts no worker and leaves no trace', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(5))
  const dry = await scene.run([scene.input, '--dry-run'])
  assert.equal(dry.code, 0, dry.stderr)
  assert.match(dry.stdout, /^\*\*\* DRY RUN/m)
  assert.match(dry.stdout, /^would be read +5$/m)
  assert.ok(!existsSync(scene.out))
  assert.equal(scene.readings().size, 0)

  assert.equal((await scene.run([scene.input])).code, 0)
  const more = await writePages(scene.input, ['new.png'])
  const second = await scene.run([scene.input, '--dry-run', '--json'])
  assert.equal(second.code, 0)
  const counts = JSON.parse(second.stdout) as Record<string, unknown>
  assert.deepEqual([counts['planned'], counts['unchanged']], [more.size, texts.size])
  assertComplete(scene.out, texts)
})

test('The status command shows an active, an ended and a killed run', async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, manyPaths(8, 'slow'))
  const { environment } = scene
  const status = () =>
    startProgram('scripts/scriptorium.js', ['status', scene.out], { environment }).ended
  assert.equal((await status()).code, 5)

  const ingest = scene.start([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '1000' })
  await ingest.until('pages are being read', () => scene.readings().size > 2)
  assert.match((await status()).stdout, /^Running: \d of 8\+? done, 0 failed, /)
  ingest.kill('SIGKILL', 'group')
  await ingest.ended
  await waitFor('it is known to be cut off', async () =>
    (await status()).stdout.includes('interrupted with'),
  )
  const { code } = await scene.run([scene.input], { FAULT_SLOW_MS: '1' })
  assert.equal(code, 0)
  assert.match((await status()).stdout, /^Done: \d read, 0 failed, \d unchanged\.$/m)
})
