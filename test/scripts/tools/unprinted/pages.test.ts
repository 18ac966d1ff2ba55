import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { writeUnprinted } from '../../../../scripts/tools/unprinted/pages.ts'
import { makeFolder } from '../../../helpers/folder.ts'

test('the same seed writes the same pages, each an image with an empty truth', async (t) => {
  const folders = [makeFolder(t), makeFolder(t), makeFolder(t)] as const
  const [one, same, other] = folders
  await writeUnprinted(one, '1', 3)
  await writeUnprinted(same, '1', 3)
  await writeUnprinted(other, '2', 3)
  const bytesOf = (folder: string): string[] =>
    readdirSync(folder)
      .toSorted()
      .map((name) => readFileSync(join(folder, name)).toString('base64'))
  assert.deepEqual(bytesOf(same), bytesOf(one))
  assert.notDeepEqual(bytesOf(other), bytesOf(one))
  const names = readdirSync(one)
  const images = names.filter((name) => !name.endsWith('.gt.txt'))
  assert.deepEqual(images.map((name) => name.replace(/-\d{4}\.(png|jpg)$/, '')).toSorted(), [
    'blank',
    'dots',
    'rings',
  ])
  for (const name of images) {
    const { width, height } = await sharp(join(one, name)).metadata()
    assert.ok(width >= 700 && height >= 800, name)
    assert.equal(readFileSync(join(one, name.replace(/\.\w+$/, '.gt.txt')), 'utf8'), '')
  }
})
