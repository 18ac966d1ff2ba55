import assert from 'node:assert/strict'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, readReport } from '../../helpers/outcome.ts'
import { pngOf, textOf, tiffOf, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'

test('Workers share the pages of a TIFF, and the output has them in order', async (t) => {
  const scene = createScene(t)
  const seeds = Array.from({ length: 12 }, (_, index) => `page ${index}`)
  writeOld(join(scene.input, 'slow-book.tif'), await tiffOf(seeds))
  const report = join(scene.folder, 'report.json')
  const command = [scene.input, '--workers', '2', '--report', report]
  const { code, stderr } = await scene.run(command, { FAULT_SLOW_MS: '200' })
  assert.equal(code, 0, stderr)
  assertComplete(
    scene.out,
    new Map([['slow-book.tif', (await Promise.all(seeds.map(textOf))).join('\f')]]),
  )
  const { pagesRead, workers } = readReport(report)
  assert.equal(pagesRead, seeds.length)
  assert.equal(workers.length, 2)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})

test('A TIFF without a readable page fails and names the first page', async (t) => {
  const scene = createScene(t)
  writeOld(join(scene.input, 'throw-book.tif'), await tiffOf(['one', 'two']))
  const texts = await writePages(scene.input, ['a.png'])
  const { code, stderr } = await scene.run([scene.input, '--attempts', '1'])
  assert.equal(code, 2)
  assert.match(stderr, /^throw-book\.tif: engine_failed: page 1 of 2 /m)
  assertComplete(scene.out, texts, { 'throw-book.tif': 'failed' })
})

test('A file that is still being written is left for the next run', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, ['a.png'])
  const file = join(scene.input, 'growing.png')
  const png = await pngOf('growing')
  writeFileSync(file, png.subarray(0, 50))
  const growth = setInterval(() => appendFileSync(file, 'x'), 50)
  scene.defer(() => clearInterval(growth))
  const first = await scene.run([scene.input])
  clearInterval(growth)
  assert.equal(first.code, 2)
  assert.match(first.stderr, /^growing\.png: unstable: is still being written/m)
  assertComplete(scene.out, texts, { 'growing.png': 'rejected' })

  writeOld(file, png)
  assert.equal((await scene.run([scene.input])).code, 0)
  assertComplete(scene.out, texts.set('growing.png', await textOf('growing')))
})
