import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { errorCodes, ScriptoriumError } from '../../shared/process/errors.ts'
import { repository } from '../helpers/processes/processes.ts'

const pages = globSync('{*.md,docs/**/*.md,.github/**/*.md}', { cwd: repository })
const read = (page: string): string => readFileSync(join(repository, page), 'utf8')
const withoutBlocks = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '')

/** As GitHub makes them: lower case, no punctuation, hyphens for spaces. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
const anchorsOf = (page: string): string[] =>
  [...withoutBlocks(read(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    anchorOf(heading),
  )

test('every relative link leads to an existing file and heading', () => {
  const broken: string[] = []
  for (const page of pages) {
    for (const [, link = ''] of withoutBlocks(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      const isThere = existsSync(join(repository, target))
      if (isThere && (anchor === undefined || anchorsOf(target).includes(anchor))) continue
      broken.push(`${page}: ${link}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('every source path in the docs exists', () => {
  const missing: string[] = []
  const path =
    /(?:\.\/)?((?:services|workers|shared|scripts|test|docs|samples|\.ci|\.github)\/[\w./-]+)/g
  for (const page of pages.filter((name) => name !== 'CHANGELOG.md')) {
    for (const [, code = ''] of read(page).matchAll(/`([^`\n]+)`/g)) {
      for (const [whole, named = ''] of code.matchAll(path)) {
        const isInside = code.includes(`/${whole}`) || code.includes(`-${whole}`)
        if (!isInside && !existsSync(join(repository, named))) missing.push(`${page}: ${named}`)
      }
    }
  }
  assert.deepEqual(missing, [])
})

test('no line outside of tables is longer than 120 characters', () => {
  const long = pages.flatMap((page) =>
    read(page)
      .split('\n')
      .map((line, index) => ({ line, place: `${page}:${index + 1}` }))
      .filter(({ line }) => /^.{121}/u.test(line) && !line.trimStart().startsWith('|'))
      .map(({ place }) => place),
  )
  assert.deepEqual(long, [])
})

test('README has at most 150 lines and 1 200 words', () => {
  const text = read('README.md')
  assert.ok(text.trimEnd().split('\n').length <= 150)
  assert.ok(text.split(/\s+/).length <= 1_200, `${text.split(/\s+/).length} words`)
})

test('docs/troubleshooting.md has every error code once, with its status and whether it is retryable', () => {
  const rows = [...read('docs/troubleshooting.md').matchAll(/^\| `(\w+)` +\| (\d+) +\| (R?) *\|/gm)]
  const listed = rows.map(([, code = '', status = '', mark = '']) => `${code} ${status} ${mark}`)
  const real = errorCodes.map((code) => {
    const { httpStatus, retryable } = new ScriptoriumError(code, '')
    return `${code} ${httpStatus} ${retryable ? 'R' : ''}`
  })
  assert.deepEqual(listed.toSorted(), real.toSorted())
})

test('docs/command-line.md has every flag of ingest, and no other', () => {
  const help = execFileSync(process.execPath, ['scripts/scriptorium.js', 'ingest', '--help'], {
    cwd: repository,
    encoding: 'utf8',
  })
  const general = new Set(['--help', '--quiet', '--verbose'])
  const real = [...help.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !general.has(name))
  const section = read('docs/command-line.md').split('### Flags')[1]?.split('###')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  const listed = rows.flatMap((row) => row.split('|')[1]?.match(/--[a-z-]+/g) ?? [])
  assert.ok(real.length > 25)
  assert.deepEqual(listed.toSorted(), real.toSorted())
})

test('docs/glossary.md is sorted and has each word once', () => {
  const glossary = [...read('docs/glossary.md').matchAll(/^\| (?!Word|-)([^|]+?) +\|/gm)].map(
    ([, word = '']) => word,
  )
  assert.ok(glossary.length > 40)
  assert.deepEqual(glossary, [...new Set(glossary)])
  assert.deepEqual(
    glossary,
    glossary.toSorted((a, b) => a.localeCompare(b)),
  )
})
