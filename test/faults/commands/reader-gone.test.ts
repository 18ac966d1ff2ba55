import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { assertNoneLeft, startCommand } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'

const readers = ['--json | head -n 1', '2>&1 | head -n 1', '--json 2>&1 | true']

for (const reader of readers) {
  test(`A run continues when its reader disconnects: ingest ${reader}`, async (t) => {
    const scene = createScene(t)
    const texts = await writePages(scene.input, manyPaths(6, 'slow'))
    const broken = manyPaths(6, 'throw')
    await writePages(scene.input, broken)
    const ingest = `${process.execPath} scripts/scriptorium.js ingest ${scene.input} --out ${scene.out}`
    const line = `${ingest} --workers 1 --attempts 1 ${reader}; exit \${PIPESTATUS[0]}`
    const environment = { ...scene.environment, FAULT_SLOW_MS: '200' }
    const { code } = await startCommand('bash', ['-c', line], { environment }).ended
    assert.equal(code, 2, 'the exit code is that of the run')
    assertComplete(scene.out, texts, Object.fromEntries(broken.map((path) => [path, 'failed'])))
    await assertNoneLeft(scene.folder)
  })
}
