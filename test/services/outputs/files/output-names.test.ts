import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createOutputNames, tooLongName } from '../../../../services/outputs/files/output-names.ts'
import type { Format } from '../../../../shared/contract/result/formats.ts'
import { folderDocumentId } from '../../../../shared/contract/ids.ts'
import type { FolderRequest } from '../../../../shared/contract/messages/run-request.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { makeRequest } from '../../../helpers/ledger/records.ts'

/** An output folder, and the result of a run's claims in it. */
function setUp(t: TestContext) {
  const out = makeFolder(t)
  const ledger = makeLedger(t)
  const put = (name: string, content = 'of the user'): void =>
    writeFileSync(join(out, name), content)
  /** Plans and claims, or returns the unavailable formats with the reasons. */
  const ask = (path: string, formats: Format[], given: Partial<FolderRequest> = {}) => {
    const request = makeRequest({ out, ...given })
    ledger.runs.add(request, 'fp')
    const id = folderDocumentId(request.out, request.root, path)
    const admission = createOutputNames(ledger, request).admit({ id, path }, formats, true)
    if (admission.isAdmitted) ledger.documents.plan(makePlan(id, { path, runId: request.runId }))
    const taken = admission.taken.map(({ format }) => format)
    return { ...admission, id, taken, messages: admission.taken.map(({ message }) => message) }
  }
  const combine = (formats: Format[], given: Partial<FolderRequest> = {}): string[] => {
    const request = makeRequest({ out, combined: true, ...given })
    createOutputNames(ledger, request).admitCombined(formats, true)
    return ledger.claims.of(out, 'results', 'combined')
  }
  return { out, ledger, put, ask, combine }
}

test('a free name is claimed, and stays ours once the file exists', (t) => {
  const { ask, put, ledger, out } = setUp(t)
  const { id, isAdmitted } = ask('a.png', ['txt'])
  assert.equal(isAdmitted, true)
  put('a.png.txt')
  assert.deepEqual(ask('a.png', ['txt'], { runId: 'r2' }).taken, [])
  assert.deepEqual(ledger.claims.of(out, 'a.png', id), ['txt'])
})

test("a user's own file is never written, and the message names the cure", (t) => {
  const { ask, put, ledger, out } = setUp(t)
  put('a.png.txt')
  const { id, isAdmitted, taken, messages } = ask('a.png', ['txt', 'json'])
  assert.deepEqual([isAdmitted, taken], [false, ['txt']])
  assert.match(
    messages[0] ?? '',
    /^a\.png\.txt exists, and was not written by Scriptorium; .*--on-exists replace$/,
  )
  assert.deepEqual(ledger.claims.of(out, 'a.png', id), [])
  assert.equal(ask('a.png', ['json']).isAdmitted, true)
})

test('a format added later is claimed if its name is free', (t) => {
  const { ask, put } = setUp(t)
  ask('a.png', ['txt'])
  put('a.png.json')
  const { isAdmitted, taken } = ask('a.png', ['txt', 'json', 'tsv'])
  assert.deepEqual([isAdmitted, taken], [true, ['json']])
  put('a.png.tsv')
  assert.deepEqual(ask('a.png', ['tsv']).taken, [])
})

test('replace claims the name permanently', (t) => {
  const { ask, put } = setUp(t)
  put('a.png.txt')
  assert.deepEqual(ask('a.png', ['txt'], { onExists: 'replace' }).taken, [])
  assert.deepEqual(ask('a.png', ['txt']).taken, [])
})

test('each page of a PAGE document has a name that can conflict', (t) => {
  const { ask, put } = setUp(t)
  put('scan.tif.page-2.xml')
  assert.deepEqual(ask('scan.tif', ['page']).taken, ['page'])
  assert.deepEqual(ask('scan.tif', ['alto']).taken, [])
  assert.deepEqual(ask('other.tif', ['page']).taken, [])
})

test('two inputs of one output folder never write the same file', (t) => {
  const { ask, put } = setUp(t)
  ask('a.png', ['txt'], { root: '/one' })
  put('a.png.txt')
  const second = ask('a.png', ['txt', 'json'], { root: '/two', runId: 'r2' })
  assert.deepEqual(second.taken, ['txt'])
  assert.match(second.messages[0] ?? '', /the output of another document \(d\w+\)/)
  assert.deepEqual(ask('a.png', ['json'], { root: '/two', runId: 'r2' }).taken, [])
  const replaced = { root: '/two', runId: 'r3', onExists: 'replace' } as const
  assert.deepEqual(ask('a.png', ['txt'], replaced).taken, [])
  assert.deepEqual(ask('a.png', ['txt'], { root: '/one', runId: 'r4' }).taken, ['txt'])
})

test('the same file read as part of a larger folder writes the same output', (t) => {
  const { ask, put, out, ledger } = setUp(t)
  const [root, sub] = [join(out, 'sub'), join('/scans', 'sub')]
  mkdirSync(root)
  const whole = ask('sub/a.png', ['txt', 'json'])
  put('sub/a.png.txt')
  const part = ask('a.png', ['txt'], { runId: 'r2', root: sub, out: root })
  assert.deepEqual(part.taken, [])
  assert.deepEqual(ledger.claims.of(out, 'sub/a.png', whole.id), ['txt', 'json'])
  assert.deepEqual(ask('a.png', ['txt'], { runId: 'r3', root: '/other', out: root }).taken, ['txt'])
})

test('claims without files of an interrupted run give way', (t) => {
  const { ask } = setUp(t)
  ask('a.png', ['txt'], { root: '/one' })
  assert.deepEqual(ask('a.png', ['txt'], { root: '/two', runId: 'r2' }).taken, [])
})

test('on a case-insensitive disk two documents of one run do not write the same file', (t) => {
  const { ask, out, put } = setUp(t)
  assert.deepEqual([ask('A.png', ['txt']).taken, ask('a.png', ['txt']).taken], [[], []])
  mkdirSync(join(out, '.scriptorium'))
  symlinkSync('.scriptorium', join(out, '.SCRIPTORIUM')) // As such a file system answers.
  ask('B.png', ['txt'])
  assert.deepEqual(ask('b.png', ['txt']).taken, ['txt'])
  assert.deepEqual(ask('b.png', ['txt'], { onExists: 'replace' }).taken, ['txt'])
  put('É.PNG.TXT')
  assert.deepEqual(ask('E\u0301.png', ['txt']).taken, ['txt'])
})

test('a lost or older ledger recognises its files by the id in the JSON', (t) => {
  const { ask, put, out } = setUp(t)
  const id = folderDocumentId(out, '/scans', 'a.png')
  put('a.png.txt')
  put('a.png.json', `{"id":"${id}","path":"a.png"}`)
  assert.deepEqual(ask('a.png', ['txt', 'json']).taken, [])
  put('b.png.txt')
  put('b.png.json', '{"id":"d0","path":"b.png"}')
  assert.deepEqual(ask('b.png', ['txt', 'json']).taken, ['txt', 'json'])
})

test('a moved output folder recognises its files by their content', (t) => {
  const { ask, put, ledger } = setUp(t)
  ledger.runs.add(makeRequest({ runId: 'r0', out: '/before' }), 'fp')
  const id = folderDocumentId('/before', '/scans', 'a.png')
  ledger.documents.plan(makePlan(id, { path: 'a.png', runId: 'r0' }))
  ledger.documents.setRead(firstPass(id), { outcome: 'succeeded', error: null, worker: 'w' }, null)
  ledger.documents.settle(firstPass(id), { txt: hash('sha256', 'ours') })
  put('a.png.txt', 'edited')
  assert.deepEqual(ask('a.png', ['txt']).taken, ['txt'])
  put('a.png.txt', 'ours')
  assert.deepEqual(ask('a.png', ['txt']).taken, [])
})

test('a folder in place of an output is left to the writer', (t) => {
  const { ask, out } = setUp(t)
  mkdirSync(join(out, 'a.png.txt'))
  assert.deepEqual(ask('a.png', ['txt']).taken, [])
})

test('the combined files are claimed like any other', (t) => {
  const { combine, put } = setUp(t)
  put('results.txt')
  assert.deepEqual(combine(['json']), ['ndjson'])
  put('results.ndjson')
  assert.throws(() => combine(['txt', 'pdf']), {
    code: 'output_exists',
    message: /^results\.txt, which --combined writes, exists/,
  })
  assert.deepEqual(combine(['txt', 'pdf'], { onExists: 'skip' }), ['ndjson', 'pdf'])
  assert.deepEqual(combine(['txt'], { onExists: 'replace' }), ['ndjson', 'pdf', 'txt'])
  assert.deepEqual(combine(['txt', 'pdf']), ['ndjson', 'pdf', 'txt'])
})

test('a document named like the combined files gives way to them', (t) => {
  const { ask, combine } = setUp(t)
  combine(['txt'])
  const given = { combined: true }
  assert.deepEqual(ask('results', ['txt', 'json'], given).taken, ['txt'])
  assert.deepEqual(ask('results', ['json'], given).taken, [])
  assert.deepEqual(ask('sub/results', ['txt'], given).taken, [])
})

test('a document that gives way to the combined files is read for its other formats', (t) => {
  const { ask, combine, ledger, out } = setUp(t)
  combine(['txt'])
  const { isAdmitted, id } = ask('results', ['txt', 'json'], { combined: true })
  assert.equal(isAdmitted, true)
  assert.deepEqual(ledger.claims.of(out, 'results', id), ['json'])
})

test('a folder named like a combined file does not block it', (t) => {
  const { ask } = setUp(t)
  const { isAdmitted, messages } = ask('results.ndjson/a.png', ['txt'], { combined: true })
  assert.equal(isAdmitted, false)
  assert.match(messages.join(), /is below results\.ndjson, a file of --combined/)
  assert.equal(ask('results.ndjson/a.png', ['txt']).isAdmitted, true)
})

test('an output name that no file system allows is found before reading, by its bytes', () => {
  const named = (bytes: number): string => `folder/${'ü'.repeat(bytes / 2 - 2)}.png`
  assert.equal(tooLongName(named(250), ['txt', 'json']), undefined)
  assert.match(
    tooLongName(named(252), ['txt', 'json']) ?? '',
    /a name of 257 bytes, more than the 255 .* shorten the name of the input file by 2$/,
  )
  assert.equal(tooLongName(named(250), []), undefined)
})
