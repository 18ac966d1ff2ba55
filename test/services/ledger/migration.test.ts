import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ledgerFile, openLedger } from '../../../services/ledger/ledger.ts'
import { migrations } from '../../../services/ledger/schema.ts'
import { pack } from '../../../shared/redis/result-stream.ts'
import { makeFolder, type Ending } from '../../helpers/folder.ts'
import { makeLedger, makePlan, rowOf } from '../../helpers/ledger/ledger.ts'
import { makePage, makeRequest } from '../../helpers/ledger/records.ts'

const versionOf = (folder: string): number => {
  const database = new DatabaseSync(ledgerFile(folder))
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {}
  database.close()
  return Number(version)
}

/** A ledger as version 1 left it: an ended run and an active one, a document that was read and a planned one. */
function makeVersionOne(ending: Ending): string {
  const folder = makeFolder(ending)
  const database = new DatabaseSync(ledgerFile(folder))
  database.exec(`PRAGMA journal_mode = WAL; ${migrations[0]} PRAGMA user_version = 1`)
  const runs = database.prepare('INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  for (const [id, state, finishedAt] of [
    ['r1', 'finished', '2026-01-01T01:00:00.000Z'],
    ['r2', 'active', null],
  ] as const) {
    const request = JSON.stringify(makeRequest({ runId: id }))
    const startedAt = '2026-01-01T00:00:00.000Z'
    runs.run(id, '/scans', '/out', request, 'fp', state, startedAt, finishedAt, null)
  }
  const documents = database.prepare(`
    INSERT INTO documents (id, run_id, path, stat, bytes, fingerprint, job_id, pass, state, outcome, sha256,
      media_type, pages_total, worker, outputs, finished_at)
    VALUES (?, ?, ?, '3-1-1', 3, 'fp', ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`)
  documents.run(
    ...(['d1', 'r1', 'a.png', 'jd1', 'final', 'succeeded', 'abc', 'image/png', 1] as const),
    ...(['w1', '{"txt":"0"}', '2026-01-01T00:30:00.000Z'] as const),
  )
  documents.run(
    ...(['d2', 'r2', 'b.png', 'jd2', 'planned', null, null, null, null] as const),
    ...([null, null, null] as const),
  )
  database
    .prepare('INSERT INTO pages VALUES (?, 1, ?, 90, 1, 1, ?, 10, NULL, NULL, ?)')
    .run('d1', 'succeeded', 'w1', pack(makePage({ text: 'größe' })))
  database.close()
  return folder
}

test('a ledger of version 1 is migrated with all its data', (t) => {
  const folder = makeVersionOne(t)
  const ledger = makeLedger(t, folder)
  assert.equal(versionOf(folder), migrations.length)
  const { state, outcome, sha256, outputs, runId } = rowOf(ledger, 'd1')
  assert.deepEqual(
    { state, outcome, sha256, outputs, runId },
    { state: 'final', outcome: 'succeeded', sha256: 'abc', outputs: { txt: '0' }, runId: 'r1' },
  )
  assert.equal(rowOf(ledger, 'd2').state, 'planned')
  assert.equal(ledger.pages.results('d1')[0]?.text, 'größe')
  assert.deepEqual(
    ledger.runs.active().map(({ id }) => id),
    ['r2'],
  )
  assert.equal(ledger.runs.get('r1')?.state, 'finished')
  assert.deepEqual(ledger.runs.get('r1')?.request, makeRequest({ runId: 'r1' }))
})

test('the pages of an earlier search index are indexed again, as tokens', (t) => {
  const folder = makeVersionOne(t)
  const database = new DatabaseSync(ledgerFile(folder))
  const before = migrations.findIndex((migration) => migration.includes(`tokenize='ascii'`))
  for (const migration of migrations.slice(1, before)) {
    database.function('output_place', (out, path) => `${String(out)}/${String(path)}`)
    database.function('upgraded_request', (text) => text)
    database.function('upgraded_report', (text) => text)
    database.exec(migration)
  }
  database.exec(
    `INSERT INTO page_texts (rowid, text) VALUES (1, 'größe'); PRAGMA user_version = ${before}`,
  )
  database.close()
  openLedger(folder).close()
  const ledger = openLedger(folder, { isSearchable: true })
  t.after(() => ledger.close())
  const found = () => ledger.search.find({ match: '"große"', limit: 10, offset: 0 }).length
  assert.deepEqual([found(), ledger.pages.missing(10).length], [0, 1])
  assert.equal(ledger.pages.indexMissing(10), false)
  assert.equal(found(), 1)
})

test('documents of version 1 belong to a folder and never expire', (t) => {
  const ledger = makeLedger(t, makeVersionOne(t))
  const { origin, createdAt: at, expiredAt } = rowOf(ledger, 'd1')
  assert.deepEqual([origin, at, expiredAt], ['folder', 0, null])
  assert.deepEqual(ledger.documents.keptSince(new Date().toISOString(), 10), [])
  assert.equal(ledger.documents.isSpooled('abc'), false)
  assert.deepEqual(ledger.documents.openUploads(), [])
  assert.deepEqual(ledger.runs.activeUploads(), [])
  assert.equal(ledger.documents.withContent('abc', 'fp', 'd9')?.id, 'd1')
})

test('documents of version 1 have no warnings, and their pages are final', (t) => {
  const ledger = makeLedger(t, makeVersionOne(t))
  assert.deepEqual(rowOf(ledger, 'd1').warnings, [])
  assert.deepEqual(
    ledger.listing.documents({ warning: 'reading_given_up' }, undefined, 10).documents,
    [],
  )
  ledger.pages.markProvisional('d1')
  assert.deepEqual(
    ledger.pages.states('d1').map(({ warnings }) => warnings),
    [[]],
  )
})

test('documents of version 1 are listed after later ones', (t) => {
  const ledger = makeLedger(t, makeVersionOne(t))
  ledger.documents.plan(makePlan('d3'))
  const list = ledger.listing.documents({}, undefined, 10).documents.map(({ id }) => id)
  assert.deepEqual(list, ['d3', 'd2', 'd1'])
  const runs = ledger.listing.runs({ source: 'folder' }, undefined, 10).map(({ id }) => id)
  assert.deepEqual(runs, ['r2', 'r1'])
})

test('a ledger of version 1 cannot be read until it is migrated', (t) => {
  const folder = makeVersionOne(t)
  assert.throws(() => openLedger(folder, { readOnly: true }), {
    code: 'ledger_unavailable',
    retryable: true,
    message: /has version 1, not \d/,
  })
  assert.equal(versionOf(folder), 1)
  openLedger(folder).close()
  openLedger(folder, { readOnly: true }).close()
})

test('output of version 1 counts as claimed, so that later runs can replace it', (t) => {
  const ledger = makeLedger(t, makeVersionOne(t))
  assert.deepEqual(ledger.claims.of('/out', 'a.png', 'd1').toSorted(), ['json', 'txt'])
  assert.deepEqual(ledger.claims.of('/out', 'b.png', 'd2').toSorted(), ['json', 'txt'])
  assert.deepEqual(ledger.claims.of('/out', 'results', 'combined'), [])
})

test('a document of an earlier version without an outcome is planned again', (t) => {
  const folder = makeVersionOne(t)
  const database = new DatabaseSync(ledgerFile(folder))
  database.exec(`UPDATE documents SET outcome = NULL WHERE id = 'd1'`)
  database.close()
  const { documents } = makeLedger(t, folder)
  const row = documents.get('d1')
  assert.deepEqual([row?.state, row?.pass, row?.outcome], ['planned', 2, null])
})

test('the ledger rejects an end without an outcome, and a wait without an original', (t) => {
  const folder = makeFolder(t)
  const ledger = makeLedger(t, folder)
  ledger.documents.plan(makePlan('d1'))
  const database = new DatabaseSync(ledgerFile(folder))
  t.after(() => database.close())
  for (const state of ['final', 'read', 'waiting', 'lost']) {
    const statement = database.prepare('UPDATE documents SET state = ?')
    assert.throws(() => statement.run(state), /CHECK constraint failed/, state)
  }
})
