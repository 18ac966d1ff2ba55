import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ScriptoriumDocument } from '../../../shared/contract/result/document.ts'
import { outputFiles, readDocument, readReport, readText } from '../../helpers/outcome.ts'
import { repository, startProgram } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const samples = join(repository, 'samples')
const truth = join(repository, 'test/fixtures/truth')
const lowest = 0.9
const realEngine = { SCRIPTORIUM_ENGINE: 'tesseract.js' }

test('The real engine reads every sample page, and a second run reads none', async (t) => {
  const scene = createScene(t)
  const reportFile = join(scene.folder, 'report.json')
  const command = [samples, '--report', reportFile, '--combined']
  const first = await scene.run(command, realEngine)
  assert.equal(first.code, 0, first.stderr)

  const outputs = outputFiles(scene.out).filter((name) => !name.startsWith('results.'))
  const paths = outputFiles(truth).map((name) => name.replace(/\.txt$/, ''))
  assert.deepEqual(outputs, paths.flatMap((path) => [`${path}.json`, `${path}.txt`]).toSorted())
  for (const path of paths) {
    const text = readText(scene.out, path)
    const f1 = wordF1(readFileSync(join(truth, `${path}.txt`), 'utf8'), text)
    t.diagnostic(`${path} ${f1.toFixed(3)}`)
    assert.ok(f1 >= lowest, `${path}: word F1 ${f1}`)
    assertSound(readDocument(scene.out, path), path, text)
  }
  const combined = readFileSync(join(scene.out, 'results.ndjson'), 'utf8')
  const separate = paths
    .toSorted(byCodeUnit)
    .map((path) => readFileSync(join(scene.out, `${path}.json`), 'utf8'))
  assert.equal(combined, separate.join(''))
  assert.equal(readReport(reportFile).pagesRead, paths.length)

  const second = await scene.run(command, realEngine)
  assert.equal(second.code, 0, second.stderr)
  assert.match(
    second.stdout,
    new RegExp(`^Nothing to do: ${paths.length} files were read earlier`, 'm'),
  )
  const report = readReport(reportFile)
  assert.equal(report.pagesRead, 0)
  assert.deepEqual(report.outcomes, { skipped_unchanged: paths.length })

  const { environment } = scene
  const status = await startProgram('scripts/scriptorium.js', ['status', scene.out], {
    environment,
  }).ended
  assert.equal(status.code, 0)
  assert.match(status.stdout, /^Nothing to do: /)
})

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : 1)

/** Asserts promises of the contract beyond its schema, which the parser has checked. */
function assertSound(document: ScriptoriumDocument, path: string, text: string): void {
  assert.equal(document.path, path)
  assert.equal(document.outcome, 'succeeded')
  assert.equal(document.bytes, statSync(join(samples, path)).size)
  assert.equal(document.engine?.name, 'tesseract.js')
  assert.match(document.engine?.traineddata[0]?.sha256 ?? '', /^[0-9a-f]{64}$/)
  const [page] = document.pages
  assert.ok(page !== undefined && document.pages.length === 1)
  assert.equal(text, `${page.text}\n`)
  assert.ok(page.timings.recogniseMs > 0)
  const paragraphs = page.blocks.flatMap((block) => block.paragraphs)
  const lines = paragraphs.flatMap((paragraph) => paragraph.lines)
  const words = lines.flatMap((line) => line.words)
  assert.ok(words.length > 0)
  for (const { bbox, confidence } of [...page.blocks, ...paragraphs, ...lines, ...words]) {
    const { x0, y0, x1, y1 } = bbox
    assert.ok(0 <= x0 && x0 < x1 && x1 <= page.width, `${path} ${x0} ${x1} of ${page.width}`)
    assert.ok(0 <= y0 && y0 < y1 && y1 <= page.height, `${path} ${y0} ${y1} of ${page.height}`)
    assert.ok(confidence >= 0 && confidence <= 100)
  }
}
