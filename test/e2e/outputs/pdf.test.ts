import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PDFDocument } from '@cantoo/pdf-lib'
import sharp from 'sharp'
import { markVariable } from '../../../scripts/tools/common/processes.ts'
import { watchWhile } from '../../../scripts/tools/bench/run/watch.ts'
import {
  finalRecords,
  outcomesOf,
  readDocument,
  readReport,
  readText,
} from '../../helpers/outcome.ts'
import { pngOf, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { pdfOf, scanOf, type PdfPageSource } from '../../helpers/pages/scanned-pdf.ts'

const size = { width: 595, height: 842 }
const typed = (text: string): PdfPageSource => ({ ...size, text: { lines: [text], mode: 0 } })

/** A scan with a unique grey, so that every page is different. */
async function scanned(index: number): Promise<PdfPageSource> {
  const background = { r: index, g: index, b: index }
  const paper = sharp({ create: { width: 80, height: 120, channels: 3, background } })
  return scanOf(await paper.png().toBuffer(), 100)
}

async function broken(): Promise<PdfPageSource> {
  const page = await scanned(1)
  return { ...page, ...(page.scan && { scan: { ...page.scan, jpeg: Buffer.from('no picture') } }) }
}

/** Number of times that the engine read pages of a document. */
const readingsOf = (scene: Scene, path: string): number =>
  [...scene.readings()].reduce((sum, [label, n]) => sum + (label.startsWith(`${path}#`) ? n : 0), 0)

test('Pages of a PDF are read or their text used, and a bad page fails alone', async (t) => {
  const scene = createScene(t)
  const pages = [
    typed('The first page was typed.'),
    await scanned(10),
    await broken(),
    await scanned(20),
  ]
  writeOld(join(scene.input, 'mixed.pdf'), pdfOf(pages))
  await writePages(scene.input, ['neighbour.png'])
  const { code, stderr, stdout } = await scene.run([scene.input, '--workers', '2'])
  assert.equal(code, 2, stderr)
  assert.match(stderr, /^mixed\.pdf: corrupt_pdf: page 3 of 4 is damaged/m)
  assert.match(stdout, /partial 1/)
  assert.deepEqual(outcomesOf(scene.out), { 'mixed.pdf': 'partial', 'neighbour.png': 'succeeded' })
  const document = readDocument(scene.out, 'mixed.pdf')
  assert.deepEqual(
    document.pages.map(({ page, textSource }) => [page, textSource]),
    [
      [1, 'layer'],
      [2, 'engine'],
      [4, 'engine'],
    ],
  )
  assert.equal(document.pages[0]?.text, 'The first page was typed.')
  assert.deepEqual(
    document.failedPages.map(({ page, error }) => [page, error.code]),
    [[3, 'corrupt_pdf']],
  )
  assert.deepEqual([document.mediaType, document.pages[1]?.dpi], ['application/pdf', 100])
  assert.equal(readText(scene.out, 'mixed.pdf').split('\f').length, 3)

  const before = readingsOf(scene, 'mixed.pdf')
  assert.equal((await scene.run([scene.input])).code, 2, 'it failed in an earlier run')
  assert.equal((await scene.run([scene.input, '--retry-failed'])).code, 2)
  assert.equal(readingsOf(scene, 'mixed.pdf'), before, 'finished pages stay')
  pages[2] = await scanned(30)
  writeOld(join(scene.input, 'mixed.pdf'), pdfOf(pages))
  assert.equal((await scene.run([scene.input])).code, 0, 'a file that was mended is read again')
  assert.equal(readDocument(scene.out, 'mixed.pdf').pages.length, 4)
})

test('A single partial document gives the exit code for some failures', async (t) => {
  const scene = createScene(t)
  writeOld(join(scene.input, 'half.pdf'), pdfOf([typed('Sound.'), await broken()]))
  assert.equal((await scene.run([scene.input])).code, 2)
})

test('Requested pages that exist are read, under their own numbers', async (t) => {
  const scene = createScene(t)
  const pages = ['one', 'two', 'three', 'four'].map(typed)
  writeOld(join(scene.input, 'long.pdf'), pdfOf(pages))
  writeOld(join(scene.input, 'short.pdf'), pdfOf(pages.slice(0, 1)))
  writeOld(join(scene.input, 'three.pdf'), pdfOf(pages.slice(0, 3)))
  const { code, stderr } = await scene.run([scene.input, '--pages', '3,2,9-12'])
  assert.equal(code, 2)
  assert.match(stderr, /^short\.pdf: page_out_of_range: has one page, and none of pages 2-3,9-12$/m)
  for (const path of ['long.pdf', 'three.pdf']) {
    const { pages: read, outcome } = readDocument(scene.out, path)
    assert.deepEqual(
      read.map(({ page, text }) => [page, text]),
      [
        [2, 'two'],
        [3, 'three'],
      ],
      path,
    )
    assert.equal(outcome, 'succeeded')
  }
  const only = await scene.run([
    join(scene.input, 'long.pdf'),
    '--pages',
    '4',
    '--out',
    join(scene.folder, 'out-4'),
  ])
  assert.equal(only.code, 0, only.stderr)
  const { pages: last } = readDocument(join(scene.folder, 'out-4'), 'long.pdf')
  assert.deepEqual(
    last.map(({ page, text }) => [page, text]),
    [[4, 'four']],
  )
})

test('--pdf-text skip ignores the text of a PDF', async (t) => {
  const scene = createScene(t)
  writeOld(join(scene.input, 'typed.pdf'), pdfOf([typed('It was typed.')]))
  assert.equal((await scene.run([scene.input, '--pdf-text', 'skip'])).code, 0)
  assert.equal(readDocument(scene.out, 'typed.pdf').pages[0]?.textSource, 'engine')
})

const password = 'heron-and-lantern'

async function locked(): Promise<Buffer> {
  const document = await PDFDocument.load(pdfOf([typed('Under lock.')]))
  document.encrypt({ userPassword: password, ownerPassword: `${password}-owner` })
  return Buffer.from(await document.save())
}

/** All files of a run. */
function everythingIn(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  const own = files.filter((file) => file.isFile())
  return Buffer.concat(own.map((file) => readFileSync(join(file.parentPath, file.name))))
}

test('An encrypted PDF requires its password, which is stored nowhere', async (t) => {
  const scene = createScene(t)
  writeOld(join(scene.input, 'locked.pdf'), await locked())
  writeOld(join(scene.input, 'open.png'), await pngOf('open'))
  const without = await scene.run([scene.input])
  assert.equal(without.code, 2)
  assert.match(
    without.stderr,
    /^locked\.pdf: password_required: is encrypted; give its password with --pdf-password/m,
  )
  const wrong = await scene.run([scene.input, '--pdf-password', 'otter'])
  assert.match(wrong.stderr, /^locked\.pdf: password_wrong: /m)

  const report = join(scene.folder, 'report.json')
  const given = await scene.run([scene.input, '--report', report], {
    SCRIPTORIUM_PDF_PASSWORD: password,
  })
  assert.equal(given.code, 0, given.stderr)
  assert.equal(readDocument(scene.out, 'locked.pdf').pages[0]?.text, 'Under lock.')
  assert.equal(readReport(report).outcomes['succeeded'], 1)
  assert.ok(
    !everythingIn(scene.folder).includes(password),
    'neither ledger nor logs nor output know it',
  )
  assert.ok(!`${given.stdout}${given.stderr}`.includes(password))
  const [row] = finalRecords(scene.out).filter(({ path }) => path === 'locked.pdf')
  assert.equal(row?.outcome, 'succeeded')
})

test('A PDF of 300 pages is read and written in little memory', async (t) => {
  const scene = createScene(t)
  const page = await scanOf(join(repository, 'samples/ledger/till.jpg'), 200)
  const book = pdfOf(Array.from({ length: 300 }, () => page))
  writeOld(join(scene.input, 'book.pdf'), book)
  const { value, usage } = await watchWhile(
    { workspace: scene.folder, out: scene.out, everyMs: 500 },
    () =>
      scene.run([scene.input, '--workers', '2', '--formats', 'txt,hocr,alto,pdf'], {
        [markVariable]: scene.folder,
      }),
  )
  assert.equal(value.code, 0, value.stderr)
  assert.equal(readText(scene.out, 'book.pdf').split('\f').length, 300)
  const [worker = 0, aggregator = 0] = [
    usage.resident.get('worker'),
    usage.resident.get('aggregator'),
  ]
  t.diagnostic(`worker ${worker}, aggregator ${aggregator}, Redis ${usage.redisUsed} bytes`)
  // The worker's engine, which is none here, may take 150 MB of its 500.
  assert.ok(worker > 50e6 && worker <= 350e6, `${worker}`)
  assert.ok(aggregator > 50e6 && aggregator <= 300e6, `${aggregator}`)
  assert.ok(usage.redisUsed > 0 && usage.redisUsed <= 150e6, `${usage.redisUsed}`)
})

test('Workers share the pages of a PDF, and the output has them in order', async (t) => {
  const scene = createScene(t)
  const page = await scanOf(join(repository, 'samples/seeds.png'), 200)
  const pages = Array.from({ length: 24 }, () => page)
  writeOld(join(scene.input, 'slow-book.pdf'), pdfOf(pages))
  const report = join(scene.folder, 'report.json')
  const command = [scene.input, '--workers', '2', '--report', report]
  const { code, stderr } = await scene.run(command, { FAULT_SLOW_MS: '150' })
  assert.equal(code, 0, stderr)
  const { pages: read } = readDocument(scene.out, 'slow-book.pdf')
  assert.deepEqual(
    read.map(({ page }) => page),
    pages.map((_, index) => index + 1),
  )
  const { workers } = readReport(report)
  assert.equal(workers.length, 2)
  for (const { share } of workers) assert.ok(share > 0.3, `a worker's share of ${share}`)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})
