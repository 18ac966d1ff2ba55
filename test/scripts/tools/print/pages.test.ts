import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { requireFaces } from '../../../../scripts/tools/print/fonts.ts'
import { writePrinted } from '../../../../scripts/tools/print/pages.ts'
import { makeFolder } from '../../../helpers/folder.ts'

/** The reason why pages cannot be printed here. */
function findLack(): string | false {
  try {
    execFileSync('chromium', ['--version'], { stdio: 'ignore' })
    execFileSync('pdftoppm', ['-v'], { stdio: 'ignore' })
    requireFaces('unseen')
    return false
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

test('printed pages have ink and their text beside them', { skip: findLack() }, async (t) => {
  const folder = makeFolder(t)
  const { signal } = new AbortController()
  await writePrinted({ folder, part: 'unseen', seed: '1', count: 3, stopping: signal })
  const images = globSync('unseen/*/*.{png,jpg}', { cwd: folder }).toSorted()
  assert.deepEqual(
    images.map((path) => path.replace(/\.\w+$/, '')),
    ['unseen/dialogue/0000', 'unseen/lists/0002', 'unseen/newsletter/0001'],
  )
  for (const path of images) {
    const { channels } = await sharp(join(folder, path)).greyscale().stats()
    assert.ok((channels[0]?.min ?? 255) < 100, `${path} has ink`)
    const truth = readFileSync(join(folder, path.replace(/\.\w+$/, '.gt.txt')), 'utf8')
    assert.ok(truth.split(/\s+/).length > 20, path)
  }
})
