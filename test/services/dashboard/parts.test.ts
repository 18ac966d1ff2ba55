import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { failedOutcomes, outcomes } from '../../../shared/contract/result/outcomes.ts'
import { causes } from '../../../services/dashboard/parts/failure/causes.ts'
import { splitSnippet } from '../../../services/dashboard/pages/search/snippet.ts'
import { createMarker, numberWords } from '../../../services/dashboard/parts/words/words.ts'
import { readLimits } from '../../../services/dashboard/pages/system/limits.ts'
import { snippetOf } from '../../../services/api/search/snippet.ts'
import { uprightOf } from '../../../services/dashboard/parts/words/upright.ts'
import { placeBeforeTurn } from '../../../workers/ocr/prepare/turn.ts'
import { repository } from '../../helpers/processes/processes.ts'

test('each error code of a document has its cause and cure in words', () => {
  const page = readFileSync(join(repository, 'docs/troubleshooting.md'), 'utf8')
  const sections = page.split(/^## /m).filter((text) => /^(Documents|Attempts)\n/.test(text))
  const codes = sections.flatMap((text) =>
    [...text.matchAll(/^\| `(\w+)`/gm)].map(([, code = '']) => code),
  )
  assert.ok(codes.length > 25)
  assert.deepEqual(Object.keys(causes).toSorted(), codes.toSorted())
  for (const { cause, cure } of Object.values(causes)) {
    for (const text of [cause, cure]) assert.match(text, /^[A-Z].*\.$/)
  }
})

test('a snippet of the API is split into texts, and its markup is the text that was recognised', () => {
  const text = `a <b>"bold"</b> & 'radish' <mark>not a hit</mark>`
  const start = text.indexOf('radish')
  const parts = splitSnippet(snippetOf(text, [{ start, end: start + 6 }]))
  assert.equal(parts.map((part) => part.text).join(''), text)
  assert.deepEqual(
    parts.filter(({ isHit }) => isHit).map((part) => part.text),
    ['radish'],
  )
})

test('words are marked as the search finds them: whole, by prefix, without accents', () => {
  const cases: [search: string, marked: string[]][] = [
    ['radish', ['Radish', 'radish.', '(RADISH)']],
    ['rad*', ['Radish', 'radish.', '(RADISH)', 'radio']],
    ['"candle radish"', ['Radish', 'radish.', '(RADISH)', 'candle']],
    ['cafe -radish', ['Café']],
    ['...', []],
  ]
  const words = ['Radish', 'radish.', '(RADISH)', 'radio', 'candle', 'Café', '—']
  for (const [search, marked] of cases) {
    assert.deepEqual(words.filter(createMarker(search)), marked, search)
  }
})

test('words are numbered in reading order over lines, paragraphs and blocks', () => {
  const bbox = { x0: 0, y0: 0, x1: 1, y1: 1 }
  const located = { text: '', confidence: 90, bbox }
  const line = (...texts: string[]) => ({
    ...located,
    baseline: bbox,
    size: 1,
    words: texts.map((text) => ({ ...located, text })),
  })
  const block = (...lines: ReturnType<typeof line>[]) => ({
    ...located,
    paragraphs: [{ ...located, lines }],
  })
  const orientation = { isMirrored: false, rotation: 0, skew: 0 } as const
  const upright = uprightOf({ width: 10, height: 10, orientation })
  const numbered = numberWords([block(line('a', 'b'), line('c')), block(line('d'))], upright)
  assert.deepEqual(
    numbered.map((lines) => lines.map((words) => words.map(({ number, text }) => number + text))),
    [[['1a', '2b'], ['3c']], [['4d']]],
  )
})

test('a page is turned upright as its results were: first flipped, then turned', () => {
  const page = { width: 30, height: 20 }
  const points = [
    { x: 0, y: 0 },
    { x: 7, y: 3 },
    { x: 30, y: 20 },
  ]
  for (const isMirrored of [false, true]) {
    for (const rotation of [0, 90, 180, 270] as const) {
      const upright = uprightOf({ ...page, orientation: { isMirrored, rotation, skew: 0 } })
      for (const point of points) {
        const { x0: x, y0: y } = upright.baseline({ x0: point.x, y0: point.y, x1: 0, y1: 0 })
        const before = placeBeforeTurn({ isMirrored, rotation }, page, { x, y })
        assert.deepEqual({ x: before.x, y: before.y }, point)
      }
      const { x0, y0, x1, y1 } = upright.box({ x0: 0, y0: 0, x1: 30, y1: 20 })
      assert.deepEqual([x0, y0, x1, y1], [0, 0, upright.width, upright.height])
    }
  }
})

test('limits are read from the metrics', () => {
  const text = [
    '# HELP scriptorium_limit Value of the limit',
    'scriptorium_limit{limit="searches"} 20',
    'scriptorium_limit_used{limit="searches"} 3',
    'scriptorium_limit_refused_total{limit="searches"} 1.5e+3',
    'scriptorium_jobs{state="bulk"} 7',
  ].join('\n')
  assert.deepEqual(readLimits(text), [{ name: 'searches', used: 3, limit: 20, refused: 1_500 }])
})

test('the outcomes that the dashboard retries are those that the service retries', () => {
  const source = readFileSync(join(repository, 'services/dashboard/parts/outcome.tsx'), 'utf8')
  const [, list = ''] = /retriedOutcomes: readonly Outcome\[\] = \[([^\]]*)\]/.exec(source) ?? []
  const retried = [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name)
  assert.deepEqual(retried.toSorted(), [...failedOutcomes].toSorted())
  assert.ok(outcomes.every((name) => source.includes(`  ${name}: `)))
})
