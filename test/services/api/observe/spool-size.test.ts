import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSpoolSize } from '../../../../services/api/observe/spool-size.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { waitFor } from '../../../helpers/wait.ts'

test('the files of the spool are added up, and measured again only after a while', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'a'), 'four')
  writeFileSync(join(folder, 'b'), 'sixsix')
  const size = createSpoolSize(folder)
  assert.equal(await waitFor('the first measurement', () => size.bytes()), 10)
  writeFileSync(join(folder, 'c'), 'more')
  assert.equal(await size.bytes(), 10)
})

test('a folder that cannot be read has no size, and breaks nothing', async (t) => {
  const folder = makeFolder(t)
  rmSync(folder, { recursive: true })
  assert.equal(await createSpoolSize(folder).bytes(), undefined)
})
