import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { prepareReport } from '../../../../../services/cli/ingest/show/report-file.ts'
import { makeFolder } from '../../../../helpers/folder.ts'
import { withoutTools } from '../../../../helpers/tools.ts'

const report = { runId: 'r1', seen: 3 }
const text = `${JSON.stringify(report, null, 2)}\n`

test("the report's folder is created before the run, the file is written atomically at its end", (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'a', 'b', 'report.json')
  const write = prepareReport(file)
  assert.deepEqual(readdirSync(join(folder, 'a', 'b')), [])
  write(report)
  assert.deepEqual(readdirSync(join(folder, 'a', 'b')), ['report.json'])
  assert.equal(readFileSync(file, 'utf8'), text)
})

test('an older report is replaced, also through a link and with a long name', (t) => {
  const folder = makeFolder(t)
  const file = join(folder, `${'n'.repeat(250)}.json`)
  writeFileSync(file, 'old')
  symlinkSync(file, join(folder, 'link'))
  prepareReport(join(folder, 'link'))(report)
  assert.equal(readFileSync(file, 'utf8'), text)
  assert.ok(lstatSync(join(folder, 'link')).isSymbolicLink())
  assert.equal(readdirSync(folder).length, 2)
})

test(
  'a report to a device or a pipe does not replace it',
  { skip: withoutTools('mkfifo') },
  (t) => {
    const fifo = join(makeFolder(t), 'fifo')
    spawnSync('mkfifo', [fifo])
    prepareReport(fifo)
    prepareReport('/dev/null')(report)
    assert.ok(lstatSync('/dev/null').isCharacterDevice())
    assert.ok(lstatSync(fifo).isFIFO())
  },
)

test('an unwritable report file is rejected with the reason', (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'file'), '')
  const cases: [path: string, why: RegExp][] = [
    [folder, /it is a folder; choose another file/],
    [join(folder, 'file', 'report.json'), /cannot be written/],
    [join(folder, 'n'.repeat(300)), /ENAMETOOLONG.*choose another file/],
  ]
  for (const [path, message] of cases) {
    assert.throws(() => prepareReport(path), { code: 'output_unwritable', message })
  }
})

test("if the report's folder vanished, the message names the report's new place", (t) => {
  const folder = join(makeFolder(t), 'gone')
  mkdirSync(folder)
  const write = prepareReport(join(folder, 'report.json'))
  rmdirSync(folder)
  assert.throws(() => write(report), {
    code: 'output_unwritable',
    message: /npx scriptorium status/,
  })
})
