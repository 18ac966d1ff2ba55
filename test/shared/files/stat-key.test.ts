import assert from 'node:assert/strict'
import { appendFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sizeOf, statKey } from '../../../shared/files/stat-key.ts'
import { makeFolder } from '../../helpers/folder.ts'

test('a key contains size, mtime and ctime, and the size can be parsed from it', (t) => {
  const file = join(makeFolder(t), 'page')
  writeFileSync(file, 'four')
  const look = (): string => statKey(statSync(file, { bigint: true }))
  const first = look()
  assert.equal(look(), first)
  assert.equal(sizeOf(first), 4)

  appendFileSync(file, '!')
  const grown = look()
  assert.notEqual(grown, first)
  assert.equal(sizeOf(grown), 5)

  const { atime, mtime } = statSync(file)
  utimesSync(file, atime, new Date(mtime.getTime() - 60_000))
  assert.notEqual(look(), grown)
})
