import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { newProgress } from '../../../../../shared/contract/messages/progress.ts'
import { dataVersion } from '../../../../../shared/contract/schema/upgrades.ts'
import { pack } from '../../../../../shared/redis/result-stream.ts'
import { buildReport } from '../../../../../services/aggregator/progress/run-report.ts'
import { ledgerFile, openLedger } from '../../../../../services/ledger/ledger.ts'
import { indexedText } from '../../../../../services/ledger/queries/search/passages.ts'
import { createRandom, type Random } from '../../../common/random.ts'
import { folderRequest, pageOf, textOf, uploadRequest } from './records.ts'

/** Content of a large ledger. */
export interface LedgerAmounts {
  documents: number
  /** Documents among them that ended without text. */
  failures: number
}

/** Ids that requests of the measurement name. */
export const known = { active: 'ractive', finished: 'rfinished', tag: 'tag-7' }

/** Shares of the documents: half belong to an active folder run, a third to a finished one, the rest are uploads. */
const shares = { active: 0.5, finished: 0.33 }
/** Documents of the active run that wait. */
const openShare = 0.4
const tags = 100
const words = 40
/** Different texts: compressing a page takes longer than all its rows. */
const texts = 1_000
const batchSize = 10_000
const days = 60

/** Failures by code, with their weights. */
const codes: readonly (readonly [code: string, outcome: string, weight: number])[] = [
  ['unsupported_type', 'rejected', 40],
  ['corrupt_image', 'rejected', 25],
  ['corrupt_pdf', 'rejected', 12],
  ['password_required', 'rejected', 8],
  ['page_timeout', 'timeout', 6],
  ['too_many_pixels', 'rejected', 4],
  ['engine_failed', 'failed', 2],
  ['worker_crash', 'engine_crash', 2],
  ['output_conflict', 'failed', 1],
]
const weighted = codes.flatMap((code) => Array.from({ length: code[2] }, () => code))

type Kind = 'active' | 'finished' | 'upload'

/** Writes a ledger of this size, as years of work would leave it; one that is there stays. */
export async function makeLargeLedger(
  folder: string,
  amounts: LedgerAmounts,
  say: (line: string) => void,
): Promise<void> {
  if (existsSync(ledgerFile(folder))) {
    openLedger(folder).close() // Of an earlier version, it is upgraded.
    say(`the ledger in ${folder} is used again`)
    return
  }
  openLedger(folder, { isSearchable: true }).close()
  const database = new DatabaseSync(ledgerFile(folder))
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  fill(database, amounts, say)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  await end(folder)
}

function fill(
  database: DatabaseSync,
  { documents, failures }: LedgerAmounts,
  say: (line: string) => void,
): void {
  const random = createRandom('large ledger')
  const beganAt = Date.now() - days * 86_400_000
  const add = createInserts(database, random)
  const [active, finished] = [shares.active * documents, shares.finished * documents]
  const open = openShare * active
  const failureShare = failures / (documents - open)
  add.run(known.finished, folderRequest(known.finished, 'archive'), 'active', beganAt)
  add.run(known.active, folderRequest(known.active, 'intake'), 'active', beganAt + 1_000)
  for (let index = 0; index < documents; index += 1) {
    if (index % batchSize === 0) database.exec(index === 0 ? 'BEGIN' : 'COMMIT; BEGIN')
    if (index % 100_000 === 0) say(`${index} of ${documents} documents`)
    const kind = index < active ? 'active' : index < active + finished ? 'finished' : 'upload'
    // Runs overlap in time: neighbours in the list belong to different ones.
    const at = beganAt + Math.floor(random.next() * days * 86_400_000)
    const isOpen = kind === 'active' && index < open
    add.document(index, kind, at, isOpen ? 'open' : random.chance(failureShare) ? 'failed' : 'read')
  }
  database.exec('COMMIT')
}

function createInserts(database: DatabaseSync, random: Random) {
  const run = database.prepare(`
    INSERT INTO runs (id, root, out, request, fingerprint, state, started_at, finished_at, source, tag)
    VALUES (?, ?, ?, ?, 'fp', ?, ?, ?, ?, ?)`)
  const document = database.prepare(`
    INSERT INTO documents (id, run_id, path, stat, bytes, fingerprint, job_id, pass, state, outcome, error_code,
      error_message, sha256, media_type, pages_total, worker, outputs, finished_at, is_upload, created_at, warnings)
    VALUES (?, ?, ?, '1-1-1', ?, 'fp', ?, 1, ?, ?, ?, ?, ?, 'image/tiff', ?, ?, ?, ?, ?, ?, ?)`)
  const page = database.prepare(`
    INSERT INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, result, data_version, warnings)
    VALUES (?, 1, 'succeeded', ?, ?, 1, 'bench-1', ?, ?, ${dataVersion}, ?)`)
  const text = database.prepare('INSERT INTO page_texts (rowid, text) VALUES (?, ?)')
  const submission = database.prepare(
    'INSERT INTO submissions (run_id, document_id, name, started_at) VALUES (?, ?, ?, ?)',
  )
  const hex = (): string =>
    Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  const addRun = (
    id: string,
    request: ReturnType<typeof folderRequest> | ReturnType<typeof uploadRequest>,
    state: string,
    at: number,
  ): void => {
    const { root, source, labels } = request
    const out = source === 'folder' ? request.out : ''
    const time = new Date(at).toISOString()
    const finishedAt = state === 'active' ? null : time
    const values = [id, root, out, JSON.stringify(request), state, time, finishedAt] as const
    run.run(...values, source, labels?.tag ?? null)
  }
  const contents = Array.from({ length: texts }, () => {
    const content = textOf(random, words)
    return { indexed: indexedText(content), result: pack(pageOf(content)) }
  })
  const addPage = (id: string, isWarned: boolean): void => {
    const { indexed, result } = random.pick(contents)
    const confidence = Math.round((60 + 40 * Math.sqrt(random.next())) * 100) / 100
    const busyMs = random.integer(200, 4_000)
    const warnings = isWarned ? '["low_confidence"]' : null
    const { lastInsertRowid } = page.run(id, confidence, words, busyMs, result, warnings)
    text.run(lastInsertRowid, indexed)
  }
  return {
    run: addRun,
    document(index: number, kind: Kind, at: number, fate: 'open' | 'failed' | 'read'): void {
      const id = `d${hex()}${hex()}${hex()}${String(index % 100).padStart(2, '0')}`
      const folder = String(index % 977).padStart(3, '0')
      const path = `${2_000 + (index % 26)}/${folder}/scan-${String(index).padStart(7, '0')}.tif`
      const [code, outcome] = random.pick(weighted)
      const runId = kind === 'upload' ? `u${String(index).padStart(8, '0')}` : known[kind]
      const isWarned = fate === 'read' && random.chance(0.02)
      const time = new Date(at + 5_000).toISOString()
      if (kind === 'upload') {
        const tag = random.chance(0.5) ? `tag-${random.integer(1, tags)}` : null
        addRun(runId, uploadRequest(runId, tag), 'finished', at)
        submission.run(runId, id, path, new Date(at).toISOString())
      }
      document.run(
        id,
        runId,
        path,
        random.integer(20_000, 4_000_000),
        `j${id}`,
        fate === 'open' ? 'planned' : 'final',
        fate === 'open' ? null : fate === 'read' ? 'succeeded' : outcome,
        fate === 'failed' ? code : null,
        fate === 'failed' ? `scan-${index} has the fault ${code}` : null,
        fate === 'read' ? id : null,
        fate === 'read' ? 1 : null,
        fate === 'open' ? null : 'bench-1',
        fate === 'read' && kind !== 'upload' ? '{"txt":"a","json":"b"}' : null,
        fate === 'open' ? null : time,
        kind === 'upload' ? 1 : 0,
        at,
        isWarned ? '["low_confidence"]' : null,
      )
      if (fate === 'read') addPage(id, isWarned)
    },
  }
}

/** Ends the finished run as the aggregator does, with its report. */
async function end(folder: string): Promise<void> {
  const ledger = openLedger(folder, { isSearchable: true })
  const run = ledger.runs.getFolder(known.finished)
  if (run === undefined) throw new Error(`the run ${known.finished} is missing`)
  const progress = newProgress(run.id, run.startedAt)
  const report = await buildReport(ledger, run, progress, 'finished')
  ledger.runs.end(run.id, 'finished', JSON.stringify(report))
  ledger.close()
}
