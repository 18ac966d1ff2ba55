import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writePages } from '../helpers/pages/pages.ts'
import { createScene } from '../helpers/processes/scene.ts'

interface Case {
  why: string
  arguments: (input: string) => string[]
  environment?: NodeJS.ProcessEnv
  code: number
  says: RegExp
}

const realEngine = { SCRIPTORIUM_ENGINE: 'tesseract.js' }
const cases: Case[] = [
  {
    why: 'an unknown flag',
    arguments: (input) => [input, '--fast'],
    code: 1,
    says: /unknown option/,
  },
  {
    why: 'a bad number',
    arguments: (input) => [input, '--psm', '99'],
    code: 1,
    says: /integer between 1 and 13/,
  },
  {
    why: 'an unsafe variable',
    arguments: (input) => [input, '--variable', 'debug_file=/x'],
    code: 1,
    says: /preserve_interword_spaces/,
  },
  {
    why: 'output inside input',
    arguments: (input) => [input, '--out', join(input, 'out')],
    code: 1,
    says: /is inside/,
  },
  {
    why: 'a missing folder',
    arguments: (input) => [`${input}/gone`],
    code: 5,
    says: /no such file or folder/,
  },
  {
    why: 'an unknown language',
    arguments: (input) => [input, '-l', 'tlh'],
    environment: realEngine,
    code: 9,
    says: /installed: .*eng.*npx scriptorium languages add tlh/,
  },
  {
    why: 'a bad variable of the environment',
    arguments: (input) => [input],
    environment: { SCRIPTORIUM_LOCK_MS: 'soon' },
    code: 9,
    says: /SCRIPTORIUM_LOCK_MS/,
  },
  {
    why: 'an engine that is not there',
    arguments: (input) => [input],
    environment: { SCRIPTORIUM_ENGINE: './gone.ts' },
    code: 9,
    says: /SCRIPTORIUM_ENGINE/,
  },
  {
    why: 'a report that is a folder',
    arguments: (input) => [input, '--report', input],
    code: 9,
    says: /--report: .*it is a folder; choose another file/,
  },
  {
    why: 'a report where no folder can be made',
    arguments: (input) => [input, '--report', join(input, 'a.png', 'report.json')],
    code: 9,
    says: /--report: .*a\.png/,
  },
  {
    why: 'no Redis there',
    arguments: (input) => [input],
    environment: { REDIS_URL: 'redis://:secret@127.0.0.1:1' },
    code: 3,
    says: /127\.0\.0\.1:1 does not answer/,
  },
  {
    why: 'no Redis installed',
    arguments: (input) => [input],
    environment: { PATH: '/nowhere' },
    code: 9,
    says: /apt-get install redis-server/,
  },
]

for (const { why, arguments: given, environment, code, says } of cases) {
  test(`Rejected with exit code ${code} and the reason: ${why}`, async (t) => {
    const scene = createScene(t)
    await writePages(scene.input, ['a.png'])
    const ended = await scene.run(given(scene.input), environment)
    assert.equal(ended.code, code, ended.stderr)
    assert.match(ended.stderr, says)
    assert.doesNotMatch(ended.stderr, /secret|^ {4}at /m)
    assert.equal(ended.stdout, '')
    assert.ok(!existsSync(join(scene.out, 'a.png.txt')))
  })
}

test('The exit code is 4 if no file can be read', async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, ['throw-a.png', 'throw-b.png'])
  const { code } = await scene.run([scene.input, '--attempts', '1'])
  assert.equal(code, 4)
})
