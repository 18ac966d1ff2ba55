import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Scoring } from '../../../scripts/tools/accuracy/scoring.ts'
import { makeFolder } from '../../helpers/folder.ts'
import {
  assertNoneLeft,
  cleanEnvironment,
  repository,
  startProgram,
} from '../../helpers/processes/processes.ts'

const samples = ['seeds.png', 'letters/harbour.jpg']

interface Place {
  pages: string
  environment: NodeJS.ProcessEnv
  /** Folder of temporary files. */
  temporary: string
  report: string
}

/** Two of our samples with their truth beside them. */
function setPlace(t: TestContext): Place {
  const folder = makeFolder(t)
  t.after(() => assertNoneLeft(folder))
  const [pages, temporary] = [join(folder, 'pages'), join(folder, 'tmp')]
  mkdirSync(temporary)
  for (const path of samples) {
    const truth = join(pages, path.slice(0, -extname(path).length) + '.gt.txt')
    mkdirSync(dirname(truth), { recursive: true })
    copyFileSync(join(repository, 'samples', path), join(pages, path))
    copyFileSync(join(repository, 'test/fixtures/truth', `${path}.txt`), truth)
  }
  const environment = { ...cleanEnvironment(folder), TMPDIR: temporary }
  return { pages, temporary, environment, report: join(folder, 'report.json') }
}

const readReport = (file: string): Scoring => JSON.parse(readFileSync(file, 'utf8'))

test('eval reads a folder with ground truth, prints F1 and CER of each set, and leaves no files', async (t) => {
  const { pages, environment, temporary, report } = setPlace(t)
  const command = [pages, '--preset', 'fast', '--workers', '1', '--json', report]
  const { code, stdout, stderr } = await startProgram('scripts/eval.ts', command, { environment })
    .ended
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^letters +1 +\d+\.\d +\d+\.\d$/m)
  assert.match(stdout, /^mean over 2 sets +2 +\d+\.\d +\d+\.\d$/m)
  const { total, pages: scores } = readReport(report)
  assert.deepEqual(scores.map(({ path }) => path).toSorted(), samples.toSorted())
  assert.ok(total.f1 > 90 && total.cer < 10, JSON.stringify(total))
  assert.deepEqual(readdirSync(temporary), [])
})

test('eval scores existing texts, and shows the worst page first, word by word', async (t) => {
  const { pages, environment, report } = setPlace(t)
  const texts = join(pages, '..', 'texts')
  mkdirSync(texts)
  const truth = readFileSync(join(pages, 'seeds.gt.txt'), 'utf8')
  const [first = '', ...others] = truth.split(' ')
  writeFileSync(join(texts, 'seeds.png.txt'), ['wrong', ...others].join(' '))
  const command = [pages, '--texts', texts, '--json', report, '--worst', '2', '--lines', '1']
  const { code, stdout, stderr } = await startProgram('scripts/eval.ts', command, { environment })
    .ended
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^letters\/harbour\.jpg: F 0\.0, CER 100\.0, no text was written\n  \[-/m)
  assert.ok(stdout.includes(`  [-${first}-] {+wrong+} `), stdout)
  assert.ok(stdout.indexOf('harbour.jpg:') < stdout.indexOf('seeds.png:'))
  assert.deepEqual([readReport(report).total.missing, readReport(report).total.pages], [1, 2])
})

test('eval names a missing ground truth or folder of texts', async (t) => {
  const { pages, environment } = setPlace(t)
  const ask = (...command: string[]) =>
    startProgram('scripts/eval.ts', command, { environment }).ended
  const [empty, noTexts] = [
    await ask(join(repository, 'samples')),
    await ask(pages, '--texts', '/no'),
  ]
  assert.equal(empty.code, 1)
  assert.match(empty.stderr, /has no page with ground truth: x\.png with x\.gt\.txt beside it/)
  assert.equal(noTexts.code, 1)
  assert.match(noTexts.stderr, /there is no folder \/no/)
})
