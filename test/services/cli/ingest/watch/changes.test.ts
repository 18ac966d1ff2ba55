import assert from 'node:assert/strict'
import { mkdirSync, openSync, closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createChanges } from '../../../../../services/cli/ingest/watch/changes.ts'
import { filesBeingWritten } from '../../../../../services/cli/ingest/watch/open-files.ts'
import { scanFolder } from '../../../../../services/cli/ingest/watch/scan.ts'
import { makeFolder } from '../../../../helpers/folder.ts'
import { patienceMs } from '../../../../helpers/wait.ts'

test('a change ends the wait, in a new folder too', async (t) => {
  const root = makeFolder(t)
  const told: string[] = []
  const changes = createChanges({ root, tell: (line) => told.push(line) })
  t.after(() => changes.close())
  const never = new AbortController().signal
  changes.follow([''])
  mkdirSync(join(root, 'below'))
  await changes.wait(patienceMs, never)
  changes.follow(['', 'below', 'gone'])
  writeFileSync(join(root, 'below/a.png'), '')
  await changes.wait(patienceMs, never)
  assert.deepEqual([told, changes.isPolling()], [[], false])
})

test('a signal ends the wait', async (t) => {
  const changes = createChanges({ root: makeFolder(t), tell: () => undefined })
  t.after(() => changes.close())
  const stop = new AbortController()
  const waiting = changes.wait(patienceMs, stop.signal)
  stop.abort()
  await waiting
  await changes.wait(patienceMs, stop.signal)
})

test('a look finds the files that a run would read, and names those that it cannot', (t) => {
  const root = makeFolder(t)
  mkdirSync(join(root, 'b/c'), { recursive: true })
  for (const name of ['a.png', 'b/c/d.png', '.hidden.png', 'Thumbs.db', 'b/no.txt'])
    writeFileSync(join(root, name), '')
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xe9])]), '')
  const options = { includeHidden: false, isWanted: (path: string) => path.endsWith('.png') }
  const { files, folders, problems } = scanFolder(root, options)
  assert.deepEqual(files.map(({ path }) => path).toSorted(), ['a.png', 'b/c/d.png'])
  assert.deepEqual(folders, ['', 'b', 'b/c'])
  assert.match(problems.join(), /not UTF-8/)
  assert.throws(() => scanFolder(join(root, 'gone'), options), { code: 'ENOENT' })
})

test(
  'a file that a process has open for writing is known',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  (t) => {
    const root = makeFolder(t)
    for (const name of ['read.png', 'written.png']) writeFileSync(join(root, name), '')
    const open = [openSync(join(root, 'read.png'), 'r'), openSync(join(root, 'written.png'), 'a')]
    assert.deepEqual([...filesBeingWritten(root)], [join(root, 'written.png')])
    open.forEach(closeSync)
    assert.deepEqual([...filesBeingWritten(root)], [])
  },
)
