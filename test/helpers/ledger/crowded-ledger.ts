import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ledgerFile, openLedger, type Ledger } from '../../../services/ledger/ledger.ts'
import { uploadDocumentId } from '../../../shared/contract/ids.ts'
import { firstPass, makePlan } from './ledger.ts'
import { makePage, makeRequest, makeUploadRequest } from './records.ts'

/** Number of each kind of record. */
const crowd = {
  densePages: 40,
  wordsOnPage: 2_000,
  /** Documents of the run `vast`, which has ended. */
  vast: 50_000,
  /** Cancelled documents of the run `many`, whose files are there. */
  many: 5_000,
  /** Uploads of the document `popular`, which failed. */
  uploads: 5_000,
  deliveries: 5_000,
}

interface Crowd {
  data: string
  scans: string
  out: string
  /** The content that an upload has sent before, and the fingerprint by which it was read. */
  book: { bytes: string; fingerprint: string }
}

/** A ledger in which each request finds the maximum: written by SQL, in seconds. */
export function makeCrowdedLedger({ data, scans, out, book }: Crowd): void {
  mkdirSync(join(scans, 'many'), { recursive: true })
  for (let n = 0; n < crowd.many; n += 1) writeFileSync(join(scans, 'many', `m${n}.png`), '')
  const ledger = openLedger(data, { isSearchable: true })
  ledger.transaction(() => {
    const root = scans
    ledger.runs.add(makeUploadRequest({ runId: 'dense' }), book.fingerprint)
    ledger.runs.add(makeRequest({ runId: 'vast', out: '/vast' }), book.fingerprint)
    ledger.runs.add(makeRequest({ runId: 'many', root, inputs: ['many'], out }), book.fingerprint)
    const tagged = makeUploadRequest({ runId: 'u0', labels: { tag: 'rare', metadata: {} } })
    ledger.runs.add(tagged, book.fingerprint)
    addBook(ledger, book)
    ledger.documents.planUpload({
      ...makePlan('popular', { runId: 'u0' }),
      sha256: 'ab',
      mediaType: 'image/png',
    })
    ledger.documents.fail(firstPass('popular'), 'rejected', { code: 'corrupt_image', message: '' })
    ledger.submissions.add('u0', 'popular', 'a.png')
  })
  ledger.close()
  multiply(ledgerFile(data), bookId(book))
}

export const bookId = ({ bytes, fingerprint }: Crowd['book']): string =>
  uploadDocumentId(hash('sha256', bytes), fingerprint)

/** A document of one dense page, which `multiply` makes many. */
function addBook({ documents, pages, submissions }: Ledger, book: Crowd['book']): void {
  const box = (n: number) => ({ x0: n, y0: 0, x1: n + 1, y1: 10 })
  const words = Array.from({ length: crowd.wordsOnPage }, (_, n) => ({
    text: `word${n % 97}`,
    confidence: 90,
    bbox: box(n),
  }))
  const text = words.map((word) => word.text).join(' ')
  const all = { text, confidence: 90, bbox: box(0) }
  const line = { ...all, baseline: box(0), size: 10, words }
  const blocks = [{ ...all, paragraphs: [{ ...all, lines: [line] }] }]
  const id = bookId(book)
  const first = firstPass(id)
  const sha256 = hash('sha256', book.bytes)
  const mediaType = 'application/pdf'
  const plan = makePlan(id, { runId: 'dense', fingerprint: book.fingerprint })
  documents.planUpload({ ...plan, sha256, mediaType })
  submissions.add('dense', id, 'book.pdf')
  documents.setInput(first, { sha256, bytes: book.bytes.length, mediaType }, crowd.densePages)
  pages.putResult(id, makePage({ page: 1, text, blocks }))
  documents.setRead(first, { outcome: 'succeeded', error: null, worker: 'w' }, null)
  documents.settle(first, {})
}

const upTo = (n: number): string =>
  `(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < ${n}) SELECT n FROM up)`

function multiply(file: string, book: string): void {
  const database = new DatabaseSync(file)
  const text = Array.from({ length: crowd.wordsOnPage }, (_, n) => `word${n % 97}`).join(' ')
  const final = (run: string, path: string, outcome: string): string => `
    INSERT INTO documents (id, run_id, path, stat, bytes, fingerprint, job_id, pass, state, outcome, created_at, finished_at)
    SELECT '${run}' || n, '${run}', ${path}, '0-1-1', 0, 'fp', '${run}j' || n, 1, 'final', '${outcome}', n, '2026-01-01'`
  database.exec(`
    BEGIN;
    ${final('vast', `'v' || n || '.png'`, 'succeeded')} FROM ${upTo(crowd.vast)};
    ${final('many', `'many/m' || (n - 1) || '.png'`, 'cancelled')} FROM ${upTo(crowd.many)};
    INSERT INTO runs (id, root, out, request, fingerprint, state, started_at, source)
      SELECT 'u' || n, r.root, r.out, replace(r.request, '"u0"', '"u' || n || '"'), r.fingerprint, 'finished', r.started_at, 'upload'
      FROM ${upTo(crowd.uploads)} JOIN runs r ON r.id = 'u0';
    INSERT INTO submissions (run_id, document_id, name) SELECT 'u' || n, 'popular', 'a.png' FROM ${upTo(crowd.uploads)};
    INSERT INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, result, data_version)
      SELECT document_id, n + 1, outcome, confidence, words, attempts, worker, busy_ms, result, data_version
      FROM pages JOIN ${upTo(crowd.densePages - 1)} WHERE document_id = '${book}';
    UPDATE runs SET state = 'finished', finished_at = started_at WHERE state = 'active';
    INSERT INTO webhooks VALUES ('w1', '${JSON.stringify({
      id: 'w1',
      url: 'http://127.0.0.1:9/',
      events: ['document.finished'],
      tag: 'none',
      secret: 's',
      createdAt: '2026-01-01T00:00:00.000Z',
    })}');
    INSERT INTO deliveries (id, webhook_id, event, payload, state, attempts, created_at)
      SELECT 'd' || n, 'w1', 'document.finished', '{}', 'failed', 9, n FROM ${upTo(crowd.deliveries)};`)
  const index = `
    INSERT INTO page_texts (rowid, text) SELECT rowid, ? FROM pages WHERE document_id = '${book}' AND page > 1`
  database.prepare(index).run(text)
  database.exec('COMMIT')
  database.close()
}
