import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { findInvocation } from '../../../services/cli/invocation.ts'
import { repository, startCommand, startProgram } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'

const script = join(repository, 'scripts/scriptorium.js')
const npm = {
  npm_package_json: join(repository, 'package.json'),
  npm_lifecycle_event: 'ingest',
  INIT_CWD: '/scans',
}
const find = (environment: NodeJS.ProcessEnv, folder = repository) =>
  findInvocation({ script, command: 'ingest', folder, environment })

test('under our npm script, paths start in INIT_CWD, and hints name npm scripts', () => {
  const { folder, wordsOf } = find(npm)
  assert.equal(folder, '/scans')
  assert.deepEqual(wordsOf('ingest'), ['npm', 'run', 'ingest', '--'])
})

test('variables of another npm script are ignored', () => {
  for (const [environment, folder] of [
    [{ ...npm, npm_package_json: '/other/package.json' }, repository],
    [{ ...npm, npm_lifecycle_event: 'test' }, repository],
    [npm, '/tmp'],
  ] as const) {
    assert.equal(find(environment, folder).folder, folder)
    assert.deepEqual(find(environment, folder).wordsOf('ingest'), ['node', script, 'ingest'])
  }
})

test('hints repeat the way of the call: npx, the command on the PATH, or the file', () => {
  assert.deepEqual(find({ npm_lifecycle_event: 'npx' }).wordsOf('ingest'), [
    'npx',
    'scriptorium',
    'ingest',
  ])
  const start = { command: 'ingest', folder: '/', environment: {} }
  const onPath = findInvocation({ ...start, script: '/usr/local/bin/scriptorium' })
  assert.deepEqual(onPath.wordsOf('ingest'), ['scriptorium', 'ingest'])
})

test("npm run resolves a relative path in the caller's folder", async (t) => {
  const { folder, environment } = createScene(t)
  const words = ['--prefix', repository, 'run', '--silent', 'status', '--', 'texts']
  const { code, stderr } = await startCommand('npm', words, { environment, folder }).ended
  assert.equal(code, 5)
  assert.match(stderr, new RegExp(` ${folder}/texts cannot be read`))
})

for (const [line, nearest] of [
  ['ingst scans', /unknown command 'ingst'\n\(Did you mean ingest\?\)/],
  ['--versoin', /unknown option '--versoin'\n\(Did you mean --version\?\)/],
  ['ingest scans --ot texts', /unknown option '--ot'\n\(Did you mean --out\?\)/],
  ['serve --quite', /unknown option '--quite'\n\(Did you mean --quiet\?\)/],
  ['status --jsn texts', /unknown option '--jsn'\n\(Did you mean --json\?\)/],
  ['languages ad deu', /unknown command 'ad'\n\(Did you mean add\?\)/],
  ['languages add --quite deu', /unknown option '--quite'\n\(Did you mean --quiet\?\)/],
  ['token --scope read joe', /unknown option '--scope'\n\(Did you mean --scopes\?\)/],
  ['doctor --jso', /unknown option '--jso'\n\(Did you mean --json\?\)/],
  ['verify --repare texts', /unknown option '--repare'\n\(Did you mean --repair\?\)/],
  ['backup --jso a b', /unknown option '--jso'\n\(Did you mean --json\?\)/],
  ['restore --jso a b', /unknown option '--jso'\n\(Did you mean --json\?\)/],
] as const) {
  test(`a mistyped word gets the nearest one as a suggestion: ${line}`, async (t) => {
    const { environment } = createScene(t)
    const asked = startProgram('scripts/scriptorium.js', line.split(' '), { environment })
    const { code, stdout, stderr } = await asked.ended
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, nearest)
  })
}
