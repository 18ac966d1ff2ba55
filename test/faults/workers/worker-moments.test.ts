import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'

const hook = join(repository, 'test/fixtures/processes/die-at-report.ts')

for (const moment of ['before the report', 'after the report']) {
  test(`Workers killed right ${moment} lose no page and double none`, async (t) => {
    const scene = createScene(t)
    const texts = await writePages(scene.input, manyPaths(12))
    const mark = join(scene.folder, 'death')
    const { code, stderr } = await scene.run([scene.input, '--workers', '2'], {
      NODE_OPTIONS: `--import ${hook}`,
      DIE_AT: moment,
      DIE_MARK: mark,
      DIE_TIMES: '3',
      SCRIPTORIUM_LOCK_MS: '1000',
    })
    assert.equal(code, 0, stderr)
    assert.ok(existsSync(`${mark}.3`), 'three have died')
    assertComplete(scene.out, texts)
    const again = [...scene.readings().values()].reduce((sum, count) => sum + count - 1, 0)
    // A page that has been reported is not read again; its neighbour on the desk may be.
    assert.ok(again <= 6, `${again} read again`)
  })
}
