import assert from 'node:assert/strict'
import { test } from 'node:test'
import picomatch from 'picomatch'
import { compileGlobs, GlobFault, maxGlobLength, maxGlobs } from '../../../shared/glob/globs.ts'

/** The sequence of a seed, 0 to 1. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const globParts = [
  'a',
  'b',
  'ab',
  'B',
  'é',
  '1',
  '-',
  '_',
  ' ',
  ',',
  '.',
  '.png',
  '.PNG',
  '"',
  '$',
  '^',
  '|',
  '*',
  '**',
  '?',
  '/',
  '**/',
  '/**',
  '!',
  '[a-c]',
  '[!a]',
  '[^b]',
  '[[:digit:]]',
  '\\*',
  '{a,b}',
  '{a,*.b}',
  '{1..3}',
  '(a|b)',
  '!(a|b)',
  '@(a|b*)',
  '+(a|b)',
  '*(ab)',
  '?(a)',
  '(',
  ')',
  '+',
  '[',
  ']',
  '{',
  '}',
]
const pathParts = [
  'a',
  'b',
  'ab',
  'B',
  'c',
  'é',
  'É',
  '1',
  '2',
  '-',
  '_',
  ' ',
  '.',
  '.png',
  '.PNG',
  '/',
  '/',
  '*',
  '(',
  ')',
  '+',
  '!',
  '[',
  ']',
  '{',
  '$',
  '\n',
]

/** The reference: picomatch, whose semantics our globs have. */
const referenceOf = (glob: string): ((path: string) => boolean) =>
  picomatch(glob, { dot: true, nocase: true, basename: !glob.includes('/') })

for (const seed of [1, 20_261_130]) {
  test(`globs match the same names as picomatch (seed ${seed})`, () => {
    const random = createRandom(seed)
    const some = (parts: readonly string[]): string =>
      Array.from(
        { length: 1 + Math.floor(random() * 7) },
        () => parts[Math.floor(random() * parts.length)] ?? '',
      ).join('')
    let matched = 0
    for (let round = 0; round < 4_000; round += 1) {
      const glob = some(globParts)
      const expected = referenceOf(glob)
      const matches = compileGlobs([glob])
      for (let path = 0; path < 10; path += 1) {
        const given = some(pathParts)
          .replaceAll(/\/+/g, '/')
          .replaceAll(/^\/|\/$/g, '')
        const isMatch = matches(given)
        assert.equal(
          isMatch,
          expected(given),
          `${JSON.stringify(glob)} on ${JSON.stringify(given)}`,
        )
        if (isMatch) matched += 1
      }
    }
    assert.ok(matched > 500, `${matched} matched: too few for a verdict`)
  })
}

test('names match in every folder, paths at their place, both without regard to case', () => {
  const cases: [glob: string, path: string, isMatch: boolean][] = [
    ['*.png', 'a/b/C.PNG', true],
    ['*.png', 'a/b/c.png.txt', false],
    ['a/*.png', 'a/b.png', true],
    ['a/*.png', 'a/b/c.png', false],
    ['a/**/*.png', 'a/b/c/d.png', true],
    ['a/**/*.png', 'a/d.png', true],
    ['**/drafts/**', 'x/drafts/y/z.tif', true],
    ['!*.tif', 'a.png', true],
    ['!(draft*|old*).tif', 'old-1.tif', false],
    ['!(draft*|old*).tif', 'new-1.tif', true],
    ['page-[0-9][0-9].{tif,tiff}', 'x/page-07.tiff', true],
    ['page-[^0-9].tif', 'page-7.tif', false],
    ['.hidden', '.hidden', true],
  ]
  for (const [glob, path, isMatch] of cases) {
    assert.equal(compileGlobs([glob])(path), isMatch, `${glob} on ${path}`)
  }
})

test('a list matches if one of its patterns does, and an empty list never', () => {
  const matches = compileGlobs(['*.png', '*.tif'])
  assert.deepEqual(['a.png', 'a.tif', 'a.jpg'].map(matches), [true, true, false])
  assert.equal(compileGlobs([])('a.png'), false)
})

/** A path of the maximum length, in which a backtracking matcher finds many ways to fail. */
const longPath = `${`${'a-'.repeat(120)}/`.repeat(15)}${'a-'.repeat(120)}`
const cut = (text: string): string => text.slice(0, maxGlobLength)

// Each of these took a backtracking matcher for ever, or its compiler.
const hostile = [
  '(([a-z-]+)+)+0',
  `${'('.repeat(60)}[a-z-]+${')+'.repeat(60)}0`,
  `${'?*'.repeat(200)}0`,
  `${'*a'.repeat(200)}0`,
  `${'{*,*}'.repeat(80)}0`,
  `${'{a-,a-a-}'.repeat(50)}0`,
  `**/${'{*,*}'.repeat(80)}0`,
  `${'**/'.repeat(150)}0`,
  `${'*(a|-|a-)'.repeat(50)}0`,
  `${'+(a|-)'.repeat(70)}0`,
  `${'!(a*)'.repeat(90)}0`,
  `${'!('.repeat(100)}a${')'.repeat(100)}0`,
  `a/${'!(a*|*-)/'.repeat(50)}0`,
  `${'[a-z]*'.repeat(80)}0`,
]
for (const glob of hostile) {
  test(`${glob.slice(0, 30)} (${glob.length} characters) is matched or rejected in a bounded number of steps`, () => {
    for (const pattern of [glob, cut(`**/${glob}`)]) {
      try {
        const matches = compileGlobs([pattern])
        assert.equal(typeof matches(longPath), 'boolean')
        assert.equal(matches('a-'.repeat(100)), false)
      } catch (thrown) {
        assert.ok(thrown instanceof GlobFault)
      }
    }
  })
}

const refused: [why: RegExp, globs: string[]][] = [
  [/longer than 512 characters/, ['a'.repeat(maxGlobLength + 1)]],
  [
    /the maximum of 100 patterns/,
    Array.from({ length: maxGlobs + 1 }, (_, index) => `${index}.png`),
  ],
  [/too intricate/, Array.from({ length: 40 }, () => '{a,b}/**/'.repeat(11))],
  [/4096 characters/, Array.from({ length: 9 }, () => `${'!'.repeat(500)}a`)],
  [/is empty/, ['']],
  [/four backslashes/, ['(a)\\\\\\\\\\\\']], // picomatch 4.0.7 parses it for ever.
  [/looks back/, ['(?<=a)b']],
  [/no character/, ['(a)\\1']],
  [/no character/, ['scans\\b*.tif']],
]
for (const [why, globs] of refused) {
  test(`${JSON.stringify(globs[0]?.slice(0, 20))} × ${globs.length} is rejected: ${why.source}`, () => {
    assert.throws(
      () => compileGlobs(globs),
      (thrown) =>
        thrown instanceof GlobFault &&
        thrown.code === 'invalid_pattern' &&
        why.test(thrown.message),
    )
  })
}

test('any string of glob characters is parsed and matched in bounded time', () => {
  const random = createRandom(7)
  const signs = '\\()[]{}!*+?@|/.,a"^$:-=<\'# 1\0'
  for (let round = 0; round < 20_000; round += 1) {
    const length = 1 + Math.floor(random() * (round % 10 === 0 ? 200 : 14))
    const glob = Array.from({ length }, () =>
      signs.charAt(Math.floor(random() * signs.length)),
    ).join('')
    try {
      compileGlobs([glob])('a/b-1.a')
    } catch (thrown) {
      assert.ok(thrown instanceof GlobFault, `${JSON.stringify(glob)}: ${String(thrown)}`)
    }
  }
})
