import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { createRandom } from '../../../../scripts/tools/common/random.ts'
import { generateFiles } from '../../../../scripts/tools/fuzz/files/generate.ts'

async function filesOf(seed: string): Promise<string[]> {
  const files: string[] = []
  for await (const { name, kind, bytes } of generateFiles(createRandom(seed), 60)) {
    files.push(`${name} (${kind}) ${hash('sha256', bytes)}`)
  }
  return files
}

test('a seed gives the same files on any day, and another seed gives others', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2020, 1, 1) })
  const before = await filesOf('a')
  t.mock.timers.setTime(Date.UTC(2030, 1, 1))
  assert.deepEqual(await filesOf('a'), before)
  assert.notDeepEqual(await filesOf('b'), before)
})
