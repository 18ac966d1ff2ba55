import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { combinedFormats, writeCombined } from '../../../../services/outputs/plain/combined.ts'
import { createOutputFiles, outputName } from '../../../../services/outputs/files/output-files.ts'
import type { Finished, OutputDocument } from '../../../../services/outputs/format.ts'
import { outputFormats } from '../../../../services/outputs/formats.ts'
import { formats } from '../../../../shared/contract/result/formats.ts'
import { decoder } from '../../../helpers/pages/output-decoder.ts'
import { makeFolder, placeOf } from '../../../helpers/folder.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { repository } from '../../../helpers/processes/processes.ts'
import { makePage } from '../../../helpers/ledger/records.ts'
import { makeDocument, makeLine, makeScan, scanOf } from '../../../helpers/pages/scan.ts'
import { runTool } from '../../../helpers/tools.ts'

const fixture = join(repository, 'test/fixtures/processes/long-document.ts')
const line = makeLine([['word', [100, 100, 200, 140]]], [100, 135, 200, 135])

test('every format has its own file name and media type', () => {
  const names = formats.map((format) => outputName('a.tif', format))
  const wanted = [
    'txt',
    'json',
    'hocr',
    'alto.xml',
    'page.xml',
    'tsv',
    'md',
    'html',
    'csv',
    'chunks.ndjson',
    'pdf',
  ]
  assert.deepEqual(
    names,
    wanted.map((extension) => `a.tif.${extension}`),
  )
  const types = new Set(formats.map((format) => outputFormats[format].mediaType))
  assert.equal(types.size, formats.length)
})

test('all formats of a document are written, and their hashes returned', async (t) => {
  const out = makeFolder(t)
  const file = join(makeFolder(t), 'a.png')
  writeFileSync(file, await pngOf('all formats'))
  const files = createOutputFiles(out)
  const document = scanOf(file, 'image/png', [makeScan([line])], { path: 'in/a.png' })
  const { hashes, unavailable } = await files.write(document, formats, {
    file: placeOf(file),
    decoder,
  })
  assert.deepEqual(unavailable, [])
  for (const format of formats) {
    const content = readFileSync(join(out, outputName('in/a.png', format)))
    assert.ok(content.length > 0 || format === 'csv', 'the page has no table')
    assert.equal(hashes[format], hash('sha256', content), format)
  }
  assert.deepEqual(readdirSync(files.temporary), [])
})

test('without its input, or with a changed one, only the PDF is left out, and an old one removed', async (t) => {
  const [out, folder] = [makeFolder(t), makeFolder(t)]
  const file = join(folder, 'a.png')
  writeFileSync(file, await pngOf('before'))
  const document = scanOf(file, 'image/png', [makeScan([line])])
  const files = createOutputFiles(out)
  await files.write(document, ['pdf'], { file: placeOf(file), decoder })
  assert.ok(existsSync(join(out, 'a.png.pdf')))

  writeFileSync(file, await pngOf('after'))
  const changed = await files.write(document, ['txt', 'pdf', 'json'], {
    file: placeOf(file),
    decoder,
  })
  assert.deepEqual(Object.keys(changed.hashes), ['txt', 'json'])
  assert.deepEqual(
    changed.unavailable.map(({ format, code }) => [format, code]),
    [['pdf', 'unstable']],
  )
  assert.deepEqual(existsSync(join(out, 'a.png.pdf')), false)
  const gone = await files.write(document, ['pdf'], {
    file: placeOf(join(folder, 'b.png')),
    decoder,
  })
  assert.equal(gone.unavailable[0]?.code, 'input_unreadable')
  assert.ok(!gone.unavailable[0]?.message.includes(folder), 'it contains no path of the host')
  assert.deepEqual(readdirSync(files.temporary), [])
})

test('a PDF that cannot be written again stays if it is the one written before', async (t) => {
  const out = makeFolder(t)
  const file = join(makeFolder(t), 'a.png')
  writeFileSync(file, await pngOf('before'))
  const document = scanOf(file, 'image/png', [makeScan([line])])
  const files = createOutputFiles(out)
  const { hashes } = await files.write(document, ['pdf'], { file: placeOf(file), decoder })
  rmSync(file)
  const kept = await files.write(document, ['txt', 'pdf'], { file: placeOf(file), decoder }, hashes)
  assert.deepEqual(kept.unavailable, [])
  assert.equal(kept.hashes.pdf, hashes.pdf)
  assert.equal(hash('sha256', readFileSync(join(out, 'a.png.pdf'))), hashes.pdf)

  writeFileSync(join(out, 'a.png.pdf'), 'somebody has edited it')
  const edited = await files.write(document, ['pdf'], { file: placeOf(file), decoder }, hashes)
  assert.deepEqual(
    edited.unavailable.map(({ code }) => code),
    ['input_unreadable'],
  )
  assert.ok(!existsSync(join(out, 'a.png.pdf')))
})

test('PAGE has a file per page; the first one that was read has the plain name', async (t) => {
  const out = makeFolder(t)
  const files = createOutputFiles(out)
  const write = (numbers: number[]) => {
    const pages = numbers.map((page) => makeScan([line], { page, text: `page ${page}` }))
    return files.write(makeDocument(pages), ['page'], { file: placeOf(''), decoder })
  }
  await write([1, 2, 3, 4, 5, 6, 7])
  const { hashes } = await write([2, 3, 5])
  const names = readdirSync(out).filter((name) => name.startsWith('a.'))
  assert.deepEqual(names.toSorted(), ['a.png.page-3.xml', 'a.png.page-5.xml', 'a.png.page.xml'])
  const first = readFileSync(join(out, 'a.png.page.xml'), 'utf8')
  assert.match(first, /pcGtsId="page_2"/)
  assert.equal(hashes.page, hash('sha256', first))
})

test('a document of a thousand pages is written in the memory of a few', (t) => {
  const out = makeFolder(t)
  // Kept, the pages alone would take twice of that.
  const given = ['--max-old-space-size=40', fixture, out, '1000']
  const { status, stdout, stderr } = runTool(process.execPath, given)
  assert.equal(status, 0, stderr.slice(-2_000))
  const names = [
    '.scriptorium',
    'a.png.alto.xml',
    'a.png.hocr',
    'a.png.json',
    'a.png.tsv',
    'a.png.txt',
  ]
  assert.deepEqual(JSON.parse(stdout), names)
  assert.equal(readFileSync(join(out, 'a.png.txt'), 'utf8').split('\f').length, 1_000)
  const { pages } = JSON.parse(readFileSync(join(out, 'a.png.json'), 'utf8'))
  assert.equal(pages.length, 1_000)
})

/** Writes the combined files of a run of these documents. */
async function combine(
  out: string,
  documents: readonly Finished[],
  wanted: readonly (typeof formats)[number][] = ['txt', 'json'],
): Promise<string[]> {
  const leftOut: string[] = []
  await writeCombined({
    replace: createOutputFiles(out).replace,
    formats: combinedFormats(wanted),
    documents: () => documents,
    onLeftOut: (path) => leftOut.push(path),
  })
  return leftOut
}

const finished = (document: OutputDocument): Finished => ({
  document,
  input: { file: placeOf(''), decoder },
})

test('the combined files are NDJSON, and text with a form feed between documents', async (t) => {
  const out = makeFolder(t)
  const documents = ['one', 'two\nlines'].map((text) => makeDocument([makePage({ text })]))
  const failed = {
    ...makeDocument([]),
    outcome: 'rejected' as const,
    error: { code: 'x', message: 'y' },
  }
  await combine(out, [...documents, failed].map(finished))
  const lines = readFileSync(join(out, 'results.ndjson'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((each) => JSON.parse(each).outcome),
    ['succeeded', 'succeeded', 'rejected'],
  )
  assert.equal(readFileSync(join(out, 'results.txt'), 'utf8'), 'one\n\ftwo\nlines\n')
  const names = readdirSync(out).toSorted()
  assert.deepEqual(names, ['.scriptorium', 'results.ndjson', 'results.txt'])
  assert.deepEqual(readdirSync(join(out, '.scriptorium', 'tmp')), [])
})

test('a combined file that fails leaves its predecessor', async (t) => {
  const out = makeFolder(t)
  const document = finished(makeDocument([makePage()]))
  await combine(out, [document])
  const before = readFileSync(join(out, 'results.ndjson'), 'utf8')
  const broken = function* (): Generator<Finished> {
    yield document
    throw new Error('the ledger broke')
  }
  const { replace, temporary } = createOutputFiles(out)
  const given = { replace, formats: ['ndjson'] as const, onLeftOut: () => undefined }
  await assert.rejects(writeCombined({ ...given, documents: broken }), /the ledger broke/)
  assert.equal(readFileSync(join(out, 'results.ndjson'), 'utf8'), before)
  assert.deepEqual(readdirSync(temporary), [])
})
