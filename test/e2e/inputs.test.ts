import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, outcomesOf } from '../helpers/outcome.ts'
import { textOf, writeOld, writePages } from '../helpers/pages/pages.ts'
import { createScene } from '../helpers/processes/scene.ts'

/** Those of `texts` at `paths`. */
const only = (texts: ReadonlyMap<string, string>, paths: readonly string[]) =>
  new Map(paths.map((path) => [path, texts.get(path) ?? '']))

test('Globs select files, and hidden and system files are skipped by default', async (t) => {
  const scene = createScene(t)
  const wanted = ['a.png', 'deep/b.png', 'deep/c.jpeg', 'deep/down/d.png']
  const texts = await writePages(scene.input, [...wanted, '.hidden.png', '.cache/e.png'])
  for (const junk of ['.DS_Store', 'Thumbs.db', '._a.png'])
    writeOld(join(scene.input, junk), 'junk')
  const out = (name: string): string => join(scene.folder, name)
  const run = async (name: string, ...flags: string[]): Promise<void> => {
    const { code, stderr } = await scene.run([scene.input, '--out', out(name), ...flags])
    assert.equal(code, 0, stderr)
  }
  await run('all')
  assertComplete(out('all'), only(texts, wanted))
  await run('globs', '--include', '*.png', '--include', 'deep/*.jpeg', '--exclude', 'deep/down/**')
  assertComplete(out('globs'), only(texts, ['a.png', 'deep/b.png', 'deep/c.jpeg']))
  await run('hidden', '--include-hidden')
  assertComplete(out('hidden'), texts)
})

test('Paths come from a list, from standard input, or from several arguments', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, [
    'a.png',
    'sub/b.png',
    'sub/c.png',
    'line\nbreak.png',
  ])
  const at = (path: string): string => join(scene.input, path)
  const list = join(scene.folder, 'list.txt')
  writeFileSync(list, `${at('a.png')}\n${at('sub')}\n${at('gone.png')}\n`)
  const out = (name: string): string => join(scene.folder, name)

  const listed = await scene.run([`@${list}`, '--out', out('list')])
  assert.equal(listed.code, 2)
  assert.match(listed.stderr, /^gone\.png: not_found: /m)
  assertComplete(out('list'), only(texts, ['a.png', 'sub/b.png', 'sub/c.png']), {
    'gone.png': 'rejected',
  })

  const stdin = `${at('line\nbreak.png')}\0${at('a.png')}\0`
  const piped = await scene.run(['-', '--out', out('stdin')], {}, stdin)
  assert.equal(piped.code, 0, piped.stderr)
  assertComplete(out('stdin'), only(texts, ['line\nbreak.png', 'a.png']))

  const named = await scene.run([at('sub/b.png'), at('a.png'), '--out', out('named')])
  assert.equal(named.code, 0, named.stderr)
  assertComplete(out('named'), only(texts, ['a.png', 'sub/b.png']))
})

test('Symbolic links are followed only with --follow, and only inside the folder', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, ['real/a.png'])
  await writePages(join(scene.folder, 'elsewhere'), ['secret.png'])
  symlinkSync('real/a.png', join(scene.input, 'link.png'))
  symlinkSync('..', join(scene.input, 'real/up'))
  symlinkSync(join(scene.folder, 'elsewhere/secret.png'), join(scene.input, 'out.png'))
  const plain = await scene.run([scene.input])
  assert.equal(plain.code, 0, plain.stderr)
  assertComplete(scene.out, texts)

  const out = join(scene.folder, 'followed')
  const followed = await scene.run([scene.input, '--follow', '--out', out])
  assert.equal(followed.code, 2)
  assert.match(followed.stderr, /^out\.png: path_outside_root: /m)
  texts.set('link.png', await textOf('real/a.png'))
  assertComplete(out, texts, { 'out.png': 'rejected' })
  assert.deepEqual(Object.values(outcomesOf(out)).toSorted(), [
    'duplicate',
    'rejected',
    'succeeded',
  ])
})

test('An empty folder is nothing to do', async (t) => {
  const scene = createScene(t)
  mkdirSync(join(scene.input, 'empty'))
  const { code, stdout } = await scene.run([scene.input])
  assert.equal(code, 0)
  assert.match(stdout, /^No files found\.$/m)
})
