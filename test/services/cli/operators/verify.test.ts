import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { ledgerFile, openLedger } from '../../../../services/ledger/ledger.ts'
import { createOutputNames } from '../../../../services/outputs/files/output-names.ts'
import { documentIdOf } from '../../../../services/aggregator/planning/plan-file.ts'
import { createPublisher } from '../../../../services/outputs/publish/publisher.ts'
import { writeResults } from '../../../../services/outputs/publish/write-results.ts'
import { examineLedger } from '../../../../services/cli/operators/verify/examine.ts'
import { isNote, type Finding } from '../../../../services/cli/operators/verify/finding.ts'
import { verifyCommand } from '../../../../services/cli/operators/verify/verify.ts'
import { execute } from '../../../../services/cli/program.ts'
import type { Format } from '../../../../shared/contract/result/formats.ts'
import { openSpool } from '../../../../shared/files/spool.ts'
import { statKey } from '../../../../shared/files/stat-key.ts'
import { lstatSync } from 'node:fs'
import { makeFolder, writeOld } from '../../../helpers/folder.ts'
import { silent } from '../../../helpers/processes/private-redis.ts'
import {
  makePage,
  makeRequest,
  makeRun,
  makeUploadRequest,
} from '../../../helpers/ledger/records.ts'
import { makePlan } from '../../../helpers/ledger/ledger.ts'

const { stderr } = process
const all: Format[] = ['txt', 'json', 'page']

/** An output folder as a run with `--combined` has left it: `a.png` of one page and `b.tif` of three. */
async function setUp(t: TestContext, formats = all) {
  const root = makeFolder(t)
  const out = makeFolder(t)
  const folder = join(out, '.scriptorium')
  const ledger = openLedger(folder, { isSearchable: true })
  const run = makeRun({ root, out, formats, combined: true })
  ledger.runs.add(run.request, 'fp')
  const names = createOutputNames(ledger, run.request)
  names.admitCombined(formats, true)
  const ids: string[] = []
  for (const [path, count] of [
    ['a.png', 1],
    ['b.tif', 3],
  ] as const) {
    writeOld(join(root, path), path)
    const id = documentIdOf(run, path)
    const stat = statKey(lstatSync(join(root, path), { bigint: true }))
    const plan = makePlan(id, { path, stat, bytes: path.length })
    names.admit({ id, path }, formats, true)
    ledger.documents.plan(plan)
    const input = { sha256: hash('sha256', path), bytes: path.length, mediaType: 'image/png' }
    ledger.documents.setInput(plan, input, count)
    for (let page = 1; page <= count; page += 1)
      ledger.pages.putResult(id, makePage({ page, text: `page ${page} of ${path}` }))
    ledger.documents.setRead(plan, { outcome: 'succeeded', error: null, worker: 'w' }, null)
    ids.push(id)
  }
  const publisher = createPublisher(ledger, () => undefined, silent)
  await publisher.publish(ids)
  await writeResults({ ledger, publisher, log: silent }, run, undefined)
  ledger.runs.end('r1', 'finished', null)
  ledger.close()
  const [a = '', b = ''] = ids
  const look = async (): Promise<Finding[]> => (await examineLedger({ folder, out })).findings
  const kinds = async (): Promise<string[]> =>
    (await look()).map(({ kind, path }) => `${kind} ${path.replace(`${out}/`, '')}`)
  /** Runs the command and returns its exit code and its lines. */
  const command = async (...flags: string[]) => {
    let text = ''
    const stdout = { write: (chunk: string | Uint8Array) => Boolean((text += String(chunk))) }
    const code = await execute(verifyCommand, [out, ...flags], { environment: {}, stdout, stderr })
    return { code, text }
  }
  const sql = (text: string): void => {
    const database = new DatabaseSync(ledgerFile(folder), { defensive: false })
    database.exec(text)
    database.close()
  }
  return { root, out, folder, a, b, look, kinds, command, sql }
}

test('output that matches the ledger gives no finding', async (t) => {
  const { command, look } = await setUp(t)
  assert.deepEqual(await look(), [])
  const { code, text } = await command()
  assert.deepEqual([code, text], [0, 'Complete: 2 documents.\n'])
})

test('missing and edited files are found, and repaired from the ledger', async (t) => {
  const { out, kinds, command } = await setUp(t)
  const whole = readFileSync(join(out, 'a.png.txt'))
  writeFileSync(join(out, 'a.png.txt'), 'edited')
  rmSync(join(out, 'a.png.json'))
  rmSync(join(out, 'b.tif.page-2.xml'))
  rmSync(join(out, 'results.txt'))
  writeFileSync(join(out, '.scriptorium', 'tmp', 'draft'), 'half')
  assert.deepEqual(await kinds(), [
    'output_edited a.png.txt',
    'output_missing a.png.json',
    'output_missing b.tif.page-2.xml',
    'draft_left .scriptorium/tmp/draft',
    'combined_missing results.txt',
  ])
  const told = await command()
  assert.equal(told.code, 2)
  assert.match(told.text, /^output_edited: .*a\.png\.txt: .*\n {2}cure: .*--repair/m)
  assert.match(told.text, /^5 findings in 2 documents; .*--repair repairs 5 of them\.$/m)

  const mended = await command('--repair')
  assert.deepEqual([mended.code, mended.text], [0, 'Complete: 2 documents.\nRepaired: 5.\n'])
  assert.deepEqual(readFileSync(join(out, 'a.png.txt')), whole)
})

test("a user's own file is a note, and stays unchanged", async (t) => {
  const { out, look, command } = await setUp(t, ['txt'])
  writeFileSync(join(out, 'a.png.json'), 'mine')
  mkdirSync(join(out, 'sub'))
  writeFileSync(join(out, 'sub', 'notes.md'), 'mine')
  assert.ok((await look()).every(isNote))
  const { code, text } = await command('--repair')
  assert.equal(code, 0)
  assert.match(text, /^2 files outside of this ledger, left unchanged/m)
  assert.equal(readFileSync(join(out, 'a.png.json'), 'utf8'), 'mine')
})

test('missing and damaged pages are found, and their documents marked for another reading', async (t) => {
  const { out, folder, a, b, kinds, command, sql } = await setUp(t)
  sql(`UPDATE pages SET result = x'00112233' WHERE document_id = '${a}'`)
  sql(`DELETE FROM pages WHERE document_id = '${b}' AND page = 2`)
  const found = await kinds()
  assert.deepEqual(found.slice(-2).length, 2)
  assert.ok(found.includes('page_damaged a.png') && found.includes('pages_missing b.tif'))
  const { code, text } = await command('--repair')
  assert.equal(code, 2)
  assert.match(text, /the service, reads 2 documents again/)
  const ledger = openLedger(folder, { readOnly: true })
  t.after(() => ledger.close())
  for (const id of [a, b]) {
    const row = ledger.documents.get(id)
    assert.deepEqual([row?.state, row?.pass, ledger.pages.countOf(id)], ['planned', 2, 0])
  }
  assert.equal(ledger.runs.get('r1')?.state, 'active')
  assert.equal(readFileSync(join(out, 'a.png.txt'), 'utf8'), 'page 1 of a.png\n')
})

test('a document without its file is not marked for another reading', async (t) => {
  const { root, a, command, sql, kinds } = await setUp(t)
  sql(`DELETE FROM pages WHERE document_id = '${a}'`)
  rmSync(join(root, 'a.png'))
  const { code, text } = await command('--repair')
  assert.equal(code, 2)
  assert.doesNotMatch(text, /to be read again:/)
  assert.ok((await kinds()).includes('pages_missing a.png'))
})

test('the output of an earlier reading is stale after a failure', async (t) => {
  const { a, kinds, sql } = await setUp(t, ['txt'])
  sql(`UPDATE documents SET outcome = 'rejected', outputs = NULL WHERE id = '${a}'`)
  assert.ok((await kinds()).includes('output_stale a.png.txt'))
})

test('the output of an earlier reading is stale where the last run wrote other formats', async (t) => {
  const { out, a, kinds, command, sql } = await setUp(t, ['txt', 'json'])
  sql(`UPDATE documents SET outputs = json_remove(outputs, '$.json') WHERE id = '${a}';
    UPDATE runs SET request = json_set(request, '$.formats', json('["txt"]'))`)
  assert.ok((await kinds()).includes('output_stale a.png.json'))
  const { code, text } = await command('--repair')
  assert.equal(code, 2)
  assert.match(
    text,
    /a\.png\.json: belongs to an earlier reading.*\n {2}cure: .*--formats txt,json/,
  )
  assert.ok(existsSync(join(out, 'a.png.json')))
})

test('combined files that lack a document are written again', async (t) => {
  const { out, kinds, command } = await setUp(t)
  const [first = ''] = readFileSync(join(out, 'results.ndjson'), 'utf8').split('\n')
  writeFileSync(join(out, 'results.ndjson'), `${first}\n`)
  assert.deepEqual(await kinds(), ['combined_stale results.ndjson'])
  assert.equal((await command('--repair')).code, 0)
})

test('orphaned pages and texts are removed', async (t) => {
  const { kinds, command, sql, folder } = await setUp(t)
  sql(`CREATE TEMP TABLE one AS SELECT * FROM pages LIMIT 1; UPDATE one SET document_id = 'd0';
    INSERT INTO pages SELECT * FROM one`)
  sql(`INSERT INTO page_texts (rowid, text) VALUES (999, 'ghost')`)
  const found = await kinds()
  assert.ok(found.some((line) => line.startsWith('pages_of_nobody')))
  assert.ok(found.some((line) => line.startsWith('texts_stale')))
  assert.equal((await command('--repair')).code, 0)
  const ledger = openLedger(folder, { isSearchable: true })
  t.after(() => ledger.close())
  while (ledger.transaction(() => ledger.pages.indexMissing(50)));
})

test('a damaged search index is rebuilt without loss', async (t) => {
  const { kinds, command, sql, folder } = await setUp(t)
  sql(`UPDATE page_texts_data SET block = x'0000000000' WHERE id > 10`)
  const found = await kinds()
  assert.ok(found.every((line) => line.startsWith('texts_damaged')) && found.length > 0)
  assert.equal((await command('--repair')).code, 0)
  const ledger = openLedger(folder, { isSearchable: true })
  t.after(() => ledger.close())
  while (ledger.transaction(() => ledger.pages.indexMissing(50)));
  assert.deepEqual(await kinds(), [])
})

test('a damaged ledger is reported with its cure', async (t) => {
  const { folder, command } = await setUp(t)
  const bytes = readFileSync(ledgerFile(folder))
  // Beyond the pages that hold the schema.
  writeFileSync(ledgerFile(folder), bytes.fill(0x5a, bytes.length - 3 * 4_096))
  const { code, text } = await command()
  assert.equal(code, 2)
  assert.match(text, /^ledger_damaged: /m)
  assert.match(text, /npx scriptorium restore/)
})

test('bytes of uploads and tickets are checked', async (t) => {
  const data = makeFolder(t)
  const ledger = openLedger(data)
  const spool = openSpool(data)
  ledger.runs.add(makeUploadRequest({ root: spool.inputs }), 'fp')
  const sha256 = hash('sha256', 'never there')
  const plan = makePlan('d1', { runId: 'u1', path: 'scan.png' })
  ledger.documents.planUpload({ ...plan, sha256, mediaType: 'image/png' })
  ledger.close()
  writeFileSync(join(spool.inputs, hash('sha256', 'good')), 'good')
  writeFileSync(join(spool.inputs, hash('sha256', 'bad')), 'changed')
  writeFileSync(join(spool.tickets, 'u9.json'), '{')
  const { findings } = await examineLedger({ folder: data })
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ['input_missing', 'input_damaged', 'ticket_damaged'],
  )
})

test('a folder without a ledger is refused', async (t) => {
  const out = makeFolder(t)
  const stdout = { write: () => true }
  const environment = { SCRIPTORIUM_DATA: join(out, 'data') }
  await assert.rejects(execute(verifyCommand, [out], { environment, stdout, stderr }), {
    code: 'input_unreadable',
  })
})

test('an output folder of the services is verified with the ledger of SCRIPTORIUM_DATA', async (t) => {
  const out = makeFolder(t)
  const data = makeFolder(t)
  const ledger = openLedger(data)
  ledger.runs.add(makeRequest({ out }), 'fp')
  ledger.close()
  let text = ''
  const stdout = { write: (chunk: string | Uint8Array) => Boolean((text += String(chunk))) }
  const environment = { SCRIPTORIUM_DATA: data }
  assert.equal(await execute(verifyCommand, [out], { environment, stdout, stderr }), 0)
  assert.equal(text, 'Complete: 0 documents.\n')
})
