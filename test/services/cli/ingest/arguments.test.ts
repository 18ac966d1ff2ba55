import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { ingestOptions } from '../../../helpers/ingest-options.ts'

/** Parses with these variables set, which commander looks for in the process itself. */
function parse(t: TestContext, words: readonly string[], variables: Record<string, string> = {}) {
  for (const [name, value] of Object.entries(variables)) {
    process.env[name] = value
    t.after(() => delete process.env[name])
  }
  t.mock.method(process.stderr, 'write', () => true) // Commander prints its errors there.
  return ingestOptions(words, process.env)
}

test('an input and an output suffice', (t) => {
  assert.deepEqual(parse(t, ['scans', '-o', 'OUT']), {
    inputs: ['scans'],
    out: 'OUT',
    include: [],
    exclude: [],
    includeHidden: false,
    follow: false,
    formats: ['txt', 'json'],
    combined: false,
    languages: ['eng'],
    psm: 3,
    oem: 1,
    dpi: 0,
    preset: 'balanced',
    pages: '',
    pdfText: 'auto',
    variable: {},
    timeout: 0,
    attempts: 3,
    onExists: 'fail',
    maxFailures: { inARow: 50, share: 0.5 },
    canary: 0,
    force: false,
    retryFailed: false,
    retryWarned: false,
    checksum: false,
    dryRun: false,
    json: false,
    quiet: false,
    verbose: false,
  })
})

test('every flag is parsed', (t) => {
  const words = [
    'a',
    'b',
    '@list.txt',
    '-',
    '--out',
    'OUT',
    '--base',
    '/scans',
    '--include',
    '*.png',
    '--include',
    '*.jpg',
    '--exclude',
    'old/*',
    '--include-hidden',
    '--follow',
    '-f',
    'json',
    '--combined',
    '--report',
    'r.json',
    '-l',
    'deu+eng',
    '--psm',
    '6',
    '--oem',
    '3',
    '--dpi',
    '300',
    '--preset',
    'best',
    '--pages',
    '1-3, 7',
    '--pdf-text',
    'skip',
    '--variable',
    'tessedit_do_invert=0',
    '-w',
    '2',
    '--timeout',
    '1.5',
    '--variable',
    'tessedit_char_whitelist=ab=c',
    '--attempts',
    '5',
    '--on-exists',
    'replace',
    '--max-failures',
    '10, 25%',
    '--canary',
    '20',
    '--force',
    '--retry-failed',
    '--retry-warned',
    '--checksum',
    '--dry-run',
    '--json',
    '--verbose',
  ]
  assert.deepEqual(parse(t, words), {
    inputs: ['a', 'b', '@list.txt', '-'],
    out: 'OUT',
    base: '/scans',
    include: ['*.png', '*.jpg'],
    exclude: ['old/*'],
    includeHidden: true,
    follow: true,
    formats: ['json'],
    combined: true,
    report: 'r.json',
    languages: ['deu', 'eng'],
    psm: 6,
    oem: 3,
    dpi: 300,
    preset: 'best',
    pages: '1-3,7',
    pdfText: 'skip',
    variable: { tessedit_do_invert: '0', tessedit_char_whitelist: 'ab=c' },
    workers: 2,
    timeout: 1_500,
    attempts: 5,
    onExists: 'replace',
    maxFailures: { inARow: 10, share: 0.25 },
    canary: 20,
    force: true,
    retryFailed: true,
    retryWarned: true,
    checksum: true,
    dryRun: true,
    json: true,
    quiet: false,
    verbose: true,
  })
})

test('each flag has an environment variable, and the command line takes precedence', (t) => {
  const variables = {
    SCRIPTORIUM_OUT: 'FROM_ENV',
    SCRIPTORIUM_LANGUAGES: 'deu',
    SCRIPTORIUM_PSM: '6',
    SCRIPTORIUM_TIMEOUT: '2',
    SCRIPTORIUM_INCLUDE: '*.png',
    SCRIPTORIUM_VARIABLE: 'tessedit_do_invert=0',
    SCRIPTORIUM_FORCE: '1',
    SCRIPTORIUM_DRY_RUN: 'true',
  }
  const options = parse(t, ['scans', '--psm', '11', '--include', '*.jpg'], variables)
  const { out, languages, psm, timeout, include, variable, force, dryRun } = options
  assert.deepEqual(
    { out, languages, psm, timeout, include, variable, force, dryRun },
    {
      out: 'FROM_ENV',
      languages: ['deu'],
      psm: 11,
      timeout: 2_000,
      include: ['*.jpg'],
      variable: { tessedit_do_invert: '0' },
      force: true,
      dryRun: true,
    },
  )
})

test("a toggle's variable accepts negative values", (t) => {
  for (const no of ['0', 'false', 'FALSE', 'no', 'off', '']) {
    const variables = { SCRIPTORIUM_FORCE: no, SCRIPTORIUM_JSON: no }
    const { force, json } = parse(t, ['scans', '-o', 'OUT'], variables)
    assert.deepEqual([force, json], [false, false], no)
  }
})

test('an empty variable counts as unset', (t) => {
  const variables = { SCRIPTORIUM_OEM: '', SCRIPTORIUM_INCLUDE: '', SCRIPTORIUM_TIMEOUT: '' }
  const { oem, include, timeout } = parse(t, ['scans', '-o', 'OUT'], variables)
  assert.deepEqual({ oem, include, timeout }, { oem: 1, include: [], timeout: 0 })
})

test('invalid arguments give exit code 1', (t) => {
  const wrong = [
    ['scans'],
    ['-o', 'OUT'],
    ['scans', '-o', 'OUT', '--made-up'],
    ['scans', '-o', 'OUT', '--psm', '0'],
    ['scans', '-o', 'OUT', '--psm', '14'],
    ['scans', '-o', 'OUT', '--psm', ''],
    ['scans', '-o', 'OUT', '--oem', ''],
    ['scans', '-o', 'OUT', '--workers', '0'],
    ['scans', '-o', 'OUT', '--workers', '1.5'],
    ['scans', '-o', 'OUT', '--timeout', '-1'],
    ['scans', '-o', 'OUT', '--timeout', 'soon'],
    ['scans', '-o', 'OUT', '--formats', 'docx'],
    ['scans', '-o', 'OUT', '--formats', ''],
    ['scans', '-o', 'OUT', '--languages', 'eng,deu'],
    ['scans', '-o', 'OUT', '--languages', '../../etc'],
    ['scans', '-o', 'OUT', '--pages', '0'],
    ['scans', '-o', 'OUT', '--pages', '5-2'],
    ['scans', '-o', 'OUT', '--quiet', '--verbose'],
    ['scans', '-o', 'OUT', '--variable', 'user_words_file=/etc/passwd'],
  ]
  for (const words of wrong) {
    assert.throws(() => parse(t, words), { exitCode: 1 }, words.join(' '))
  }
})

test('help exits with 0 and names every variable', (t) => {
  let told = ''
  t.mock.method(process.stdout, 'write', (text: string) => {
    told += text
    return true
  })
  assert.throws(() => parse(t, ['--help']), { exitCode: 0 })
  const flags = told.match(/^ +(-\w, )?--[a-z-]+/gm) ?? []
  const variables = told.match(/SCRIPTORIUM_[A-Z_]+/g) ?? []
  assert.ok(flags.length > 20)
  assert.equal(new Set(variables).size, flags.length - 3, 'all but --quiet, --verbose and --help')
  assert.match(told, /130 interrupted/)
})

test('a pattern that exceeds the matching bounds is rejected by name', (t) => {
  for (const flag of ['--include', '--exclude']) {
    for (const [glob, why] of [
      ['a'.repeat(513), /longer than 512 characters/],
      ['', /is empty/],
      ['scans\\b*.tif', /no character/],
    ] as const) {
      assert.throws(
        () => parse(t, ['scans', '-o', 'OUT', flag, glob]),
        (error) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, why)
          return error.message.includes(flag) && error.message.includes(glob)
        },
      )
    }
  }
})

test('101 patterns are rejected', (t) => {
  const words = Array.from({ length: 101 }, (_, index) => ['--exclude', `${index}.png`]).flat()
  assert.equal(parse(t, ['scans', '-o', 'OUT', ...words.slice(2)]).exclude.length, 100)
  assert.throws(() => parse(t, ['scans', '-o', 'OUT', ...words]), /the maximum of 100 patterns/)
})
