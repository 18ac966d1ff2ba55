import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DocumentView } from '../../services/api/schemas/document.ts'
import type { RunView } from '../../services/api/schemas/run.ts'
import { makeOldLedger, oldVersions } from '../helpers/ledger/old-ledger.ts'
import { textOf } from '../helpers/pages/pages.ts'
import { createScene } from '../helpers/processes/scene.ts'
import { startService } from '../helpers/processes/service.ts'

interface List<T> {
  items: T[]
}

for (const version of oldVersions) {
  test(`A run and an upload interrupted in ${version} are completed, and nothing is read twice`, async (t) => {
    const scene = createScene(t)
    await makeOldLedger(scene.folder, version)
    const { address, program } = await startService(scene, {
      SCRIPTORIUM_ROOTS: `in=${join(scene.folder, 'in')}`,
      SCRIPTORIUM_OUTPUT: join(scene.folder, 'out'),
    })
    const get = async <T>(path: string): Promise<T> =>
      (await (await fetch(`${address}${path}`)).json()) as T
    const runs = await program.until('every run has ended', async () => {
      const { items } = await get<List<RunView>>('/v1/runs')
      return items.every(({ state }) => state === 'finished') && items
    })
    const cut = runs.find(({ path }) => path === 'cut')
    assert.deepEqual(cut?.counts, { succeeded: 4 })
    for (const name of ['read-2', 'slow-1', 'slow-2']) {
      const file = join(scene.folder, 'out', 'in', 'cut', `${name}.png.txt`)
      assert.equal(readFileSync(file, 'utf8').trim(), await textOf(name), name)
      assert.equal(scene.readings().get(`${name}.png#1`), 1, name)
    }
    assert.equal(scene.readings().has('read-1.png#1'), false, 'it was finished')
    const { items } = await get<List<DocumentView>>('/v1/documents?limit=50')
    assert.deepEqual(
      items.map(({ outcome }) => outcome),
      items.map(() => 'succeeded'),
    )
  })
}
