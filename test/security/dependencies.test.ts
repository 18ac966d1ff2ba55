import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharp } from '../../shared/raster/sharp.ts'
import { repository } from '../helpers/processes/processes.ts'

interface Lock {
  packages: Record<string, { integrity?: string; link?: boolean }>
}

test('npm checks every package against a hash in the lock file', () => {
  const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as Lock
  const unchecked = Object.entries(lock.packages).filter(
    ([path, { integrity, link }]) => path !== '' && link !== true && integrity === undefined,
  )
  assert.deepEqual(
    unchecked.map(([path]) => path),
    [],
  )
})

test('no process can decode formats that pages do not use, and all import sharp from one place', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
  await assert.rejects(sharp(svg).raw().toBuffer(), /unsupported image format/)
  const users = ['services', 'workers', 'shared'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((name) => name.endsWith('.ts'))
      .filter((name) =>
        /^import (?!type)[^\n]* from 'sharp'/m.test(readFileSync(join(repository, name), 'utf8')),
      ),
  )
  assert.deepEqual(users, ['shared/raster/sharp.ts'])
})
