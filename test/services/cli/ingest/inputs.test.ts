import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { resolveInputs, resolveOut, type Inputs } from '../../../../services/cli/ingest/inputs.ts'
import { makeFolder } from '../../../helpers/folder.ts'

const findInputs = (inputs: string[], base?: string, stdin = ''): Inputs =>
  resolveInputs({ inputs, follow: false, ...(base !== undefined && { base }) }, () => stdin)

/** A folder with a/1.png, a/2.png and b/3.png in it. */
function setUp(t: TestContext) {
  const folder = makeFolder(t)
  for (const name of ['a', 'b']) mkdirSync(join(folder, name))
  for (const name of ['a/1.png', 'a/2.png', 'b/3.png']) writeFileSync(join(folder, name), '')
  const at = (...names: string[]): string => join(folder, ...names)
  return { at, find: findInputs }
}

test('a single folder is the root', (t) => {
  const { at, find } = setUp(t)
  assert.deepEqual(find([at('a')]), { root: at('a'), paths: [''], folders: [at('a')] })
})

test('the folder of a single file is the root', (t) => {
  const { at, find } = setUp(t)
  assert.deepEqual(find([at('a/1.png')]), { root: at('a'), paths: ['1.png'], folders: [] })
})

test('the common parent of several inputs is the root', (t) => {
  const { at, find } = setUp(t)
  const two = find([at('a'), at('b/3.png')])
  assert.deepEqual(two, { root: at(), paths: ['a', 'b/3.png'], folders: [at('a')] })
  assert.deepEqual(find([at('a/1.png'), at('a/2.png')]).root, at('a'))
  assert.deepEqual(find([at('a'), at('a/1.png')]).root, at())
})

test('--base sets the root, and every input must be below it', (t) => {
  const { at, find } = setUp(t)
  assert.deepEqual(find([at('a')], at()).paths, ['a'])
  assert.throws(() => find([at('a')], at('b')), { code: 'bad_arguments', message: /--base/ })
})

test('a list has one path per line; missing files are found later', (t) => {
  const { at, find } = setUp(t)
  writeFileSync(at('list'), `${at('a/1.png')}\r\n\n${at('b/gone.png')}\n`)
  assert.deepEqual(find([`@${at('list')}`]).paths, ['a/1.png', 'b/gone.png'])
})

test('standard input is a list, separated by NUL where paths may contain newlines', (t) => {
  const { at, find } = setUp(t)
  const odd = 'a\nb.png'
  const found = find(['-'], undefined, `${at('a', odd)}\0${at('a/1.png')}\0`)
  assert.deepEqual(found.paths, [odd, '1.png'])
  assert.equal(found.root, at('a'))
})

test('an empty list is no error', (t) => {
  assert.deepEqual(setUp(t).find(['-']).paths, [])
})

test('a missing named input is an error that names it', (t) => {
  const { at, find } = setUp(t)
  for (const missing of [at('gone'), `@${at('gone')}`]) {
    assert.throws(
      () => find([missing]),
      (error: Error) => {
        assert.ok('code' in error && error.code === 'input_unreadable')
        assert.ok(error.message.includes(missing))
        return true
      },
    )
  }
})

test('a link to a folder is resolved, a link to a file stays a link', (t) => {
  const { at, find } = setUp(t)
  symlinkSync('a', at('folder'))
  symlinkSync('a/1.png', at('file.png'))
  assert.equal(find([at('folder')]).root, at('a'))
  assert.deepEqual(find([at('file.png')]).paths, ['file.png'])
})

test('the output can be beside the input but not inside it', (t) => {
  const { at, find } = setUp(t)
  const inputs = find([at('a')])
  assert.equal(resolveOut(at('out/new'), inputs), at('out/new'))
  assert.equal(resolveOut(at('a-out'), inputs), at('a-out'))
  symlinkSync('a', at('link'))
  for (const inside of ['a', 'a/out', 'a/b/../out', 'link/out']) {
    assert.throws(() => resolveOut(at(inside), inputs), { code: 'output_inside_input' }, inside)
  }
})

test('a list line longer than any path is rejected with its line number', (t) => {
  const { at, find } = setUp(t)
  writeFileSync(at('list'), `${at('a/1.png')}\n${'x'.repeat(8_000_000)}\n`)
  assert.throws(
    () => find([`@${at('list')}`]),
    ({ message, code }: Error & { code?: string }) =>
      code === 'input_unreadable' && message.includes('line 2') && message.length < 1_000,
  )
})
