import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { makeFolder } from '../../helpers/folder.ts'
import {
  assertNoneLeft,
  cleanEnvironment,
  repository,
  startProgram,
} from '../../helpers/processes/processes.ts'

const main = 'scripts/tools/bench/peers/main.ts'
const area = { left: 100, top: 300, width: 700, height: 120 }

test('bench:peers prints, draws and writes the time and accuracy of a peer, and leaves no files', async (t) => {
  const folder = makeFolder(t)
  t.after(() => assertNoneLeft(folder))
  const [pages, temporary] = [join(folder, 'pages/seeds'), join(folder, 'tmp')]
  for (const made of [pages, temporary]) mkdirSync(made, { recursive: true })
  const sample = sharp(join(repository, 'samples/seeds.png'))
  await sample.extract(area).toFile(join(pages, 'line.png'))
  writeFileSync(join(pages, 'line.gt.txt'), 'The truth does not matter here')
  const environment = { ...cleanEnvironment(folder), TMPDIR: temporary }
  const [chart, json, texts] = ['docs/chart.svg', 'figures.json', 'texts'].map((name) =>
    join(folder, name),
  )
  const options = ['--rounds', '1', '--only', 'scheduler', '--cores', '1']
  const files = ['--chart', chart!, '--json', json!, '--texts', texts!]
  const command = [join(folder, 'pages'), ...options, ...files]
  const { code, stdout, stderr } = await startProgram(main, command, { environment }).ended

  assert.equal(code, 0, stderr)
  assert.match(stdout, /^tesseract\.js Scheduler +\d.* 0 +tesseract\.js \d/m)
  assert.match(stdout, /1 page of 1 set, 1 core each, 1 round, psm 3, model: eng \(/)
  assert.match(readFileSync(chart!, 'utf8'), /<title>tesseract\.js Scheduler: F /)
  assert.ok(readFileSync(join(texts!, 'tesseract.js-scheduler/seeds/line.png.txt')).length > 20)
  const { parts } = JSON.parse(readFileSync(json!, 'utf8'))
  const [measurement] = parts[0].details.measurements
  assert.ok(measurement.cpuSeconds > 0.2 && measurement.seconds > 0.2, JSON.stringify(measurement))
  assert.ok(measurement.peakBytes > 50e6 && measurement.peakBytes < 2e9)
  assert.deepEqual(readdirSync(temporary), [])
})

test('bench:peers rejects a folder without ground truth', async (t) => {
  const folder = makeFolder(t)
  const environment = { ...cleanEnvironment(folder) }
  const { code, stderr } = await startProgram(main, [folder], { environment }).ended
  assert.equal(code, 1)
  assert.match(stderr, /has no page with ground truth/)
})
