import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, finalRecords, outputFiles, outcomesOf } from '../helpers/outcome.ts'
import { manyPaths, textOf, writePages } from '../helpers/pages/pages.ts'
import { repository } from '../helpers/processes/processes.ts'
import { createScene, type Scene } from '../helpers/processes/scene.ts'

const hook = join(repository, 'test/fixtures/processes/die-of-content.ts')

/** Makes the aggregator die at any work item that matches. */
const dieOf = ({ folder }: Scene, pattern: string): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import ${hook}`,
  DIE_OF: pattern,
  DIE_LOG: join(folder, 'deaths'),
})

function deaths({ folder }: Scene): number {
  const file = join(folder, 'deaths')
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').length : 0
}

const unavailableOf = ({ out }: Scene, path: string): unknown =>
  finalRecords(out).find((row) => row.path === path)?.unavailable ?? []

test('A format that kills the aggregator is left out after three deaths, and nothing else is lost', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, [...manyPaths(30), 'killer.png'])
  const environment = dieOf(scene, `^${texts.get('killer.png')}\\n$`)
  const { code, stderr } = await scene.run([scene.input, '--workers', '2'], environment)
  assert.equal(deaths(scene), 3, stderr)
  assert.equal(code, 2, stderr)
  const outcomes = Object.values(outcomesOf(scene.out))
  assert.deepEqual([...new Set(outcomes)], ['succeeded'])
  const names = [...texts.keys()].flatMap((path) => [`${path}.txt`, `${path}.json`])
  assert.deepEqual(
    outputFiles(scene.out),
    names.filter((name) => name !== 'killer.png.txt').toSorted(),
  )
  assert.deepEqual(unavailableOf(scene, 'killer.png'), [
    {
      format: 'txt',
      code: 'poison',
      message:
        'the aggregator died 3 times while writing its txt; --retry-failed or --force tries again',
    },
  ])
  const asked = await scene.run([scene.input, '--workers', '2', '--retry-failed'])
  assert.equal(asked.code, 0, asked.stderr)
  assert.deepEqual(outputFiles(scene.out), names.toSorted())
  assert.deepEqual(unavailableOf(scene, 'killer.png'), [])
})

for (const [moment, patternOf, message] of [
  [
    'collected',
    (text: string) => `"kind":"page".*${text}`,
    /^the aggregator died 3 times while recording/,
  ],
  [
    'put together',
    (text: string) => `^.{0,40}"page":1.*${text}`,
    /^the aggregator died 3 times while assembling its pages/,
  ],
] as const) {
  test(`A document that kills the aggregator when it is ${moment} is set aside, listed, and retried on request`, async (t) => {
    const scene = createScene(t)
    const texts = await writePages(scene.input, [...manyPaths(12), 'killer.png'])
    const environment = dieOf(scene, patternOf(texts.get('killer.png') ?? ''))
    const first = await scene.run([scene.input, '--workers', '2'], environment)
    assert.equal(deaths(scene), 3, first.stderr)
    assert.equal(first.code, 2, first.stderr)
    texts.delete('killer.png')
    assertComplete(scene.out, texts, { 'killer.png': 'failed' })
    const row = finalRecords(scene.out).find(({ path }) => path === 'killer.png')
    assert.equal(row?.error?.code, 'poison')
    assert.match(row?.error?.message ?? '', message)
    assert.match(first.stderr, /^killer\.png: poison: the aggregator died 3 times/m)

    const unasked = await scene.run([scene.input, '--workers', '2'], environment)
    assert.equal(deaths(scene), 3, unasked.stderr)
    const asked = await scene.run([scene.input, '--workers', '2', '--retry-failed'])
    assert.equal(asked.code, 0, asked.stderr)
    texts.set('killer.png', await textOf('killer.png'))
    assertComplete(scene.out, texts)
  })
}
