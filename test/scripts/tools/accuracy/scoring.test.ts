import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { scoreTexts } from '../../../../scripts/tools/accuracy/scoring.ts'
import { findTruthPages } from '../../../../scripts/tools/accuracy/truth-pages.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { repository } from '../../../helpers/processes/processes.ts'

/** Ground truth and the read text, undefined without one. */
const pages: Record<string, [truth: string, text: string | undefined]> = {
  'a/1.png': ['one two three four', 'one two three four'],
  'a/2.png': ['one two three four', 'one two tree 4'],
  'a/3.jpg': ['one two three four', undefined],
  'b/1.png': ['“Quoted” — text', '"quoted" text - and more'],
}

function makePages(t: TestContext): { folder: string; texts: string } {
  const [folder, texts] = [makeFolder(t), makeFolder(t)]
  for (const [path, [truth, text]] of Object.entries(pages)) {
    for (const root of [folder, texts]) mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(folder, path), '')
    writeFileSync(join(folder, path.replace(/\.\w+$/, '.gt.txt')), truth)
    if (text !== undefined) writeFileSync(join(texts, `${path}.txt`), text)
  }
  return { folder, texts }
}

test('the total is the mean over the sets, and a page without a text counts as empty', (t) => {
  const { folder, texts } = makePages(t)
  const { pages: found, sets, total } = scoreTexts(findTruthPages(folder), texts)
  assert.deepEqual(
    found.map(({ path, f1, isMissing }) => ({ path, f1, isMissing })),
    [
      { path: 'a/1.png', f1: 100, isMissing: false },
      { path: 'a/2.png', f1: 50, isMissing: false },
      { path: 'a/3.jpg', f1: 0, isMissing: true },
      { path: 'b/1.png', f1: 100 * ((2 * 2) / 6), isMissing: false },
    ],
  )
  assert.deepEqual(
    sets.map(({ set, pages: count, missing, f1 }) => ({ set, count, missing, f1 })),
    [
      { set: 'a', count: 3, missing: 1, f1: 50 },
      { set: 'b', count: 1, missing: 0, f1: 100 * ((2 * 2) / 6) },
    ],
  )
  assert.equal(total.f1, (50 + 100 * ((2 * 2) / 6)) / 2)
  assert.deepEqual([total.pages, total.missing], [4, 1])
})

test('a text is found by the name of its image with or without the extension', (t) => {
  const { folder, texts } = makePages(t)
  writeFileSync(join(texts, 'a/3.txt'), 'one two three four')
  assert.equal(scoreTexts(findTruthPages(folder), texts).pages[2]?.f1, 100)
})

const judge = join(repository, '..', 'shared', 'tools', 'score.mjs')
const absent = existsSync(judge) ? false : `there is no ${judge}`

test('scores equal those of the judge of all systems', { skip: absent }, (t) => {
  const { folder, texts } = makePages(t)
  const said: { total: { F: number; CER: number } } = JSON.parse(
    execFileSync(process.execPath, [judge, folder, texts, '--json'], { encoding: 'utf8' }),
  )
  const { total } = scoreTexts(findTruthPages(folder), texts)
  assert.ok(Math.abs(said.total.F - total.f1) < 1e-9, `${said.total.F} ${total.f1}`)
  assert.ok(Math.abs(said.total.CER - total.cer) < 1e-9, `${said.total.CER} ${total.cer}`)
})
