import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { outputName } from '../../../services/outputs/files/output-files.ts'
import { formats } from '../../../shared/contract/result/formats.ts'
import { inCorpus, withoutCorpus } from '../../helpers/corpus.ts'
import { outputFiles, readDocument, readText } from '../../helpers/outcome.ts'
import { writeOld } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { writeBmp, writePnm } from '../../helpers/pages/rasters.ts'
import { wordsOf } from '../../helpers/pages/scan.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { boxesOf, pdfTextOf, runTool, withoutTools } from '../../helpers/tools.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const samples = join(repository, 'samples')
const schemas = inCorpus('schemas')
const skip = withoutTools('qpdf', 'pdftotext', 'xmllint')
const realEngine = { SCRIPTORIUM_ENGINE: 'tesseract.js' }
const largestGrowth = 1.05
const pageBytes = 40_960

test('One run of the samples writes every format with the same content', { skip }, async (t) => {
  const scene = createScene(t)
  const command = [samples, '--formats', formats.join(','), '--combined']
  const run = await scene.run(command, realEngine)
  assert.equal(run.code, 0, run.stderr)
  const paths = outputFiles(scene.out)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.replace(/\.json$/, ''))
  assert.ok(paths.length >= 12)
  for (const path of paths) {
    for (const format of formats) assert.ok(existsSync(join(scene.out, outputName(path, format))))
    assertValid(join(scene.out, outputName(path, 'alto')), 'alto-4-4.xsd')
    assertValid(join(scene.out, outputName(path, 'page')), 'page-2019-07-15.xsd')
    assertValid(join(scene.out, outputName(path, 'hocr')))
    await assertSearchable(scene.out, path)
  }
  const combined = join(scene.out, 'results.pdf')
  assert.equal(runTool('qpdf', ['--check', combined]).status, 0)
  const texts = paths.map((path) => readText(scene.out, path)).join('\n')
  assert.ok(wordF1(texts, pdfTextOf(combined)) >= 0.99)
  assert.ok(wordF1(texts, readFileSync(join(scene.out, 'results.txt'), 'utf8')) >= 0.999)
})

/** Small pages in every encoding that our own decoders are for. */
function writeOddRasters(folder: string): string[] {
  const [width, height] = [96, 32]
  const levels = Array.from({ length: width * height }, (_, index) => (index * 37) % 256)
  const made = {
    'page.bmp': writeBmp({ width, height, levels, depth: 8 }),
    'colours.bmp': writeBmp({ width, height, levels, depth: 32 }),
    'page.pbm': writePnm({ width, height, levels, kind: 'P4' }),
    'page.pgm': writePnm({ width, height, levels, kind: 'P2' }),
    'page.ppm': writePnm({ width, height, levels, kind: 'P6' }),
  }
  for (const [name, bytes] of Object.entries(made)) writeOld(join(folder, name), bytes)
  const encodings = ['old-jpeg', 'lzma', 'lzma-predictor', 'zstd', 'lab']
  const tiffs = encodings.map((encoding) => `${encoding}.tif`)
  for (const name of tiffs) {
    writeOld(join(folder, name), readFileSync(join(repository, 'test/fixtures/tiff', name)))
  }
  return [...Object.keys(made), ...tiffs]
}

test('A page that only our own decoders can read has a PDF too', { skip }, async (t) => {
  const scene = createScene(t)
  const names = writeOddRasters(scene.input)
  const run = await scene.run([scene.input, '--formats', 'txt,json,pdf'])
  assert.equal(run.code, 0, run.stderr)
  assert.doesNotMatch(run.stderr, /not written as/)
  for (const name of names) {
    const pdf = join(scene.out, outputName(name, 'pdf'))
    const checked = runTool('qpdf', ['--check', pdf])
    assert.equal(checked.status, 0, checked.stdout + checked.stderr)
    assert.equal(pdfTextOf(pdf).trim(), readText(scene.out, name).trim(), name)
    const largest = statSync(join(scene.input, name)).size * largestGrowth + pageBytes
    assert.ok(statSync(pdf).size <= largest, name)
  }
})

function assertValid(file: string, schema?: string): void {
  const hasSchema = schema !== undefined && withoutCorpus('schemas') === false
  const given = hasSchema ? ['--schema', join(schemas, schema)] : []
  const { status, stderr } = runTool('xmllint', ['--noout', '--nonet', ...given, file])
  assert.equal(status, 0, stderr)
}

/** The PDF is clean and not too large, gives the text back, and has each word where the JSON has it. */
async function assertSearchable(out: string, path: string): Promise<void> {
  const pdf = join(out, outputName(path, 'pdf'))
  const checked = runTool('qpdf', ['--check', pdf])
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  assert.ok(wordF1(readText(out, path), pdfTextOf(pdf)) >= 0.99, path)
  const input = join(samples, path)
  // PDF holds no lossy format but JPEG and JPEG 2000, so the pixels of others are kept without loss.
  if (!path.endsWith('.webp')) {
    assert.ok(statSync(pdf).size <= statSync(input).size * largestGrowth + pageBytes, path)
  }
  const { orientation = 1 } = await sharp(input).metadata()
  if (orientation !== 1) return // Its boxes are in pixels of the file, not of the displayed page.
  const { pages } = readDocument(out, path)
  const found = boxesOf(pdf)
  const [page] = pages
  const scale = widthOf(pdf) / (page?.width ?? 1)
  const tolerance = (3 * 72) / 150
  const lost = wordsOf(pages).filter(({ text, bbox }) => {
    const wanted = [bbox.x0, bbox.y0, bbox.x1, bbox.y1].map((pixels) => pixels * scale)
    return !found.some(
      (word) =>
        word.text === text &&
        word.box.every((points, side) => Math.abs(points - (wanted[side] ?? 0)) <= tolerance),
    )
  })
  assert.deepEqual(lost, [], path)
}

const widthOf = (pdf: string): number =>
  Number(/Page size: +([\d.]+) x/.exec(runTool('pdfinfo', [pdf]).stdout)?.[1])
