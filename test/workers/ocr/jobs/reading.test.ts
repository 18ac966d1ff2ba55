import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Job } from '../../../../shared/contract/messages/job.ts'
import { defaultRecipe, fingerprintOf } from '../../../../shared/contract/recipe.ts'
import { createDesk, type Desk } from '../../../../workers/ocr/jobs/desk.ts'
import { createEngineSlot } from '../../../../workers/ocr/engine/engine-slot.ts'
import { createOpenDocuments } from '../../../../workers/ocr/open/open-documents.ts'
import { createSources } from '../../../../workers/ocr/open/sources.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { createOpening } from '../../../../workers/ocr/jobs/opening.ts'
import { createReading } from '../../../../workers/ocr/jobs/reading.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { pngOf, tiffOf } from '../../../helpers/pages/pages.ts'
import { pdfOf, scanOf } from '../../../helpers/pages/scanned-pdf.ts'
import { letter } from '../open/pdf-pages.ts'
import { silent } from '../../../helpers/processes/private-redis.ts'
import { engine, makeJob, makePage } from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'

/** A reading of an upload of these bytes, all published events, and an engine that ends on request. */
function setUp(t: TestContext, bytes: Buffer) {
  const root = makeFolder(t)
  const sha256 = hash('sha256', bytes)
  writeFileSync(join(root, sha256), bytes)
  const told: [string, number, number][] = []
  const state = { readings: 0, closed: 0, until: Promise.resolve() }
  const engineSlot = createEngineSlot({
    createEngine: async () => ({
      async recognise() {
        state.readings += 1
        await state.until
        return { text: 'read', confidence: 90, blocks: makePage({ text: 'read' }).blocks }
      },
      async close() {
        state.closed += 1
      },
    }),
    tessdataPrefix: undefined,
    limits: { engines: 2, pages: 100, rssBytes: Number.POSITIVE_INFINITY },
    rssBytes: () => 0,
    log: silent,
  })
  const openers = createOpeners({
    maxMegapixels: 1,
    maxPages: 10,
    decodeMs: 10_000,
    decodeBytes: 512 * 2 ** 20,
  })
  t.after(() => openers.close())
  const open = createOpening({
    documents: createOpenDocuments({
      sources: createSources({ disk: true }),
      openers,
      maxHeldBytes: 1e6,
      idleMs: 10_000,
    }),
    maxBytes: 1e6,
    claim: async ({ documentId }) => documentId,
    addPages: async () => undefined,
    password: async () => undefined,
  })
  const read = createReading({
    workerId: 'w1',
    open,
    maxMegapixels: 1,
    engineSlot,
    identities: async () => engine,
    onBegin: ({ runId }, page, pagesTotal) => void told.push([runId, page, pagesTotal]),
    log: { debug: () => undefined },
  })
  const deliver = (
    given: Partial<Job> = {},
    cancelling = new AbortController().signal,
    desk: Desk = createDesk().bulk,
  ) => {
    const fingerprint = fingerprintOf(defaultRecipe, engine)
    const { stat: _, ...uploaded } = makeJob({ root, path: sha256, fingerprint, ...given })
    return read({ jobId: 'j1', job: uploaded, attempt: 1, cancelling }, desk)
  }
  return { root, sha256, told, state, deliver }
}

test('an upload is read from the spool', async (t) => {
  const { sha256, deliver } = setUp(t, await pngOf('page'))
  const report = await deliver()
  assert.ok(report.kind === 'page')
  assert.equal(report.input.sha256, sha256)
  assert.equal(report.result.text, 'read')
})

test('an upload whose spooled bytes have changed is not read', async (t) => {
  const { root, sha256, state, deliver } = setUp(t, await pngOf('page'))
  writeFileSync(join(root, sha256), await pngOf('another page'))
  await assert.rejects(deliver(), { code: 'corrupt_upload', retryable: false })
  assert.equal(state.readings, 0)
})

test('the start of each page is published for watched documents', async (t) => {
  const { told, deliver } = setUp(t, await pngOf('page'))
  await deliver({ isInteractive: true, runId: 'u1' })
  assert.deepEqual(told, [['u1', 1, 1]])
})

test('a long document publishes the start of each page, and not its opening', async (t) => {
  const { told, deliver } = setUp(t, await tiffOf(['one', 'two', 'three']))
  const report = await deliver({ isInteractive: true, runId: 'u1' })
  assert.equal(report.kind, 'expanded')
  assert.deepEqual(told, [])
  await deliver({ isInteractive: true, runId: 'u1', page: 2, pagesTotal: 3 })
  assert.deepEqual(told, [['u1', 2, 3]])
})

test('unwatched documents publish nothing', async (t) => {
  const { told, deliver } = setUp(t, await pngOf('page'))
  await deliver()
  assert.deepEqual(told, [])
})

test('cancelling a page during recognition aborts it', async (t) => {
  const { state, deliver } = setUp(t, await pngOf('page'))
  state.until = new Promise(() => undefined)
  const cancelling = new AbortController()
  const reading = deliver({}, cancelling.signal)
  await waitFor('the reading has begun', () => state.readings === 1)
  cancelling.abort()
  await assert.rejects(reading, { code: 'cancelled' })
  assert.equal(state.closed, 1)
})

/** A digital page with text of its own and a picture, as large as a page of a book. */
async function pageWithPicture(): Promise<Buffer> {
  const { scan } = await scanOf(await pngOf('words in a picture'), 100)
  assert.ok(scan)
  return pdfOf([{ ...letter, picture: { ...scan, at: [72, 200, 300, 60] } }])
}

test('the text of a page whose pictures cannot be read is kept, with a warning', async (t) => {
  const { state, deliver } = setUp(t, await pageWithPicture())
  const whole = await deliver()
  assert.ok(whole.kind === 'page' && state.readings > 0)
  assert.equal(whole.result.warnings, undefined)
  state.until = Promise.reject(new ScriptoriumError('page_timeout', 'not read within 60 s'))
  state.until.catch(() => undefined)
  const report = await deliver()
  assert.ok(report.kind === 'page')
  const { text, textSource, warnings } = report.result
  assert.match(text, /harbour master/)
  assert.equal(textSource, 'layer')
  assert.deepEqual(
    warnings?.map(({ code }) => code),
    ['reading_given_up'],
  )
  assert.match(warnings?.[0]?.message ?? '', /pictures .*page_timeout/)
})

test('preparation during another reading is reported as overlap, so that it is not counted twice', async (t) => {
  const { state, deliver } = setUp(t, await pngOf('page'))
  const { promise, resolve } = Promise.withResolvers<void>()
  state.until = promise
  const { prepare, read } = createDesk().bulk
  let prepared = 0
  const desk: Desk = {
    read,
    prepare: async (work) => prepare(work).finally(() => (prepared += 1)),
  }
  const { signal } = new AbortController()
  const first = deliver({ documentId: 'd1' }, signal, desk)
  await waitFor('the first is read', () => state.readings === 1)
  const second = deliver({ documentId: 'd2' }, signal, desk)
  await waitFor('the second is prepared', () => prepared === 2)
  resolve()
  const [alone, beside] = (await Promise.all([first, second])).map((report) =>
    report.kind === 'page' ? report.result.timings : assert.fail(report.kind),
  )
  assert.equal(alone?.overlapMs, 0)
  const rounding = 0.01
  assert.ok(beside?.overlapMs && beside.overlapMs >= beside.prepareMs - rounding)
})
