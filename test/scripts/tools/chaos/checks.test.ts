import assert from 'node:assert/strict'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { checkFolderOutputs } from '../../../../scripts/tools/chaos/corpus/outputs.ts'
import { checkRecords } from '../../../../scripts/tools/chaos/checks/records.ts'
import type { Folder } from '../../../../scripts/tools/chaos/corpus/folder.ts'
import type { Row } from '../../../../scripts/tools/chaos/world/ledger.ts'
import { makeFolder } from '../../../helpers/folder.ts'

const row = (path: string, given: Partial<Row> = {}): Row => ({
  id: path,
  runId: 'r1',
  path,
  state: 'final',
  outcome: 'succeeded',
  error: '',
  sha256: '',
  isUpload: false,
  ...given,
})

/** A folder of two files whose outputs are as they should be. */
function setUp(t: TestContext): Folder {
  const out = makeFolder(t)
  for (const path of ['a.png', 'b.png']) {
    writeFileSync(join(out, `${path}.txt`), path)
    writeFileSync(join(out, `${path}.json`), '{}')
  }
  const expected = new Map(
    ['a.png', 'b.png'].map((path) => [path, { texts: [path], mayFail: false }]),
  )
  return { name: 'f', input: '', out, expected }
}

const kinds = (findings: readonly { kind: string }[]): string[] => findings.map(({ kind }) => kind)

test('a missing file is lost, another text differs, an unknown file is an orphan', (t) => {
  const folder = setUp(t)
  assert.deepEqual(checkFolderOutputs(folder), [])
  rmSync(join(folder.out, 'a.png.txt'))
  appendFileSync(join(folder.out, 'b.png.txt'), '!')
  writeFileSync(join(folder.out, 'c.png.txt'), '')
  assert.deepEqual(kinds(checkFolderOutputs(folder)), ['lost', 'differing', 'orphans'])
})

test('a file changed or deleted during the run can have either text or none', (t) => {
  const folder = setUp(t)
  folder.expected.set('a.png', { texts: ['a.png', 'new'], mayFail: true })
  writeFileSync(join(folder.out, 'a.png.txt'), 'new')
  assert.deepEqual(checkFolderOutputs(folder), [])
  for (const ending of ['txt', 'json']) rmSync(join(folder.out, `a.png.${ending}`))
  assert.deepEqual(checkFolderOutputs(folder), [])
  assert.deepEqual(checkRecords(folder, [row('a.png', { outcome: 'rejected' }), row('b.png')]), [])
})

test('each file has one final record with an outcome', (t) => {
  const folder = setUp(t)
  const find = (...rows: Row[]): string[] => kinds(checkRecords(folder, rows))
  assert.deepEqual(find(row('a.png'), row('b.png')), [])
  assert.deepEqual(find(row('a.png')), ['lost'])
  assert.deepEqual(find(row('a.png'), row('b.png'), row('b.png')), ['doubled'])
  assert.deepEqual(find(row('a.png'), row('b.png', { state: 'read' })), ['hanging'])
  assert.deepEqual(find(row('a.png'), row('b.png', { outcome: '' })), ['lost'])
  assert.deepEqual(find(row('a.png'), row('b.png', { outcome: 'failed' })), ['failed'])
  assert.deepEqual(find(row('a.png'), row('b.png'), row('c.png')), ['orphans'])
})
