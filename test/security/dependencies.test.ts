import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharp } from '../../shared/raster/sharp.ts'
import { repository } from '../helpers/processes/processes.ts'

interface Lock {
  packages: Record<
    string,
    {
      integrity?: string
      link?: boolean
      dependencies?: Record<string, string>
      optionalDependencies?: Record<string, string>
    }
  >
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

/** A name without an entry is unknown to the registry: `npm ci` refuses it, and anybody may publish it. */
test('each dependency of a package is in the lock file', () => {
  const { packages } = JSON.parse(
    readFileSync(join(repository, 'package-lock.json'), 'utf8'),
  ) as Lock
  const missing = Object.entries(packages).flatMap(
    ([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter(
          (name) =>
            !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in packages),
        )
        .map((name) => `${path} -> ${name}`),
  )
  assert.deepEqual(missing, [])
})

/** The folders in which Node looks for a package's dependencies: its own, and those that it is nested in. */
function foldersAbove(path: string): string[] {
  const nested = path === '' ? [] : path.split('/node_modules/')
  return [
    ...nested.map(
      (_, depth) => `${nested.slice(0, nested.length - depth).join('/node_modules/')}/`,
    ),
    '',
  ]
}

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
