import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import { logFileOf, openLog } from '../../../services/embedded/log-file.ts'
import { takeLock } from '../../../shared/files/file-lock.ts'
import { openSpool } from '../../../shared/files/spool.ts'
import { takePrivateFolder, touchBeatFile } from '../../../shared/files/private-files.ts'
import { decoder } from '../../helpers/pages/output-decoder.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { pngOf } from '../../helpers/pages/pages.ts'
import { makeDocument, makeScan } from '../../helpers/pages/scan.ts'
import { createScene } from '../../helpers/processes/scene.ts'

const isLink = { code: 'configuration', message: /is a symbolic link; nothing is written through/ }
const document = (path: string) => ({ ...makeDocument([makeScan([])]), path })
const input = { file: { root: '/', path: '', follow: false }, decoder }

/** An output folder, and a foreign folder with a file that must stay unchanged. */
function setUp(t: TestContext) {
  const [out, elsewhere] = [makeFolder(t), makeFolder(t)]
  const victim = join(elsewhere, 'victim')
  writeFileSync(victim, 'precious')
  const assertUntouched = (): void => {
    assert.deepEqual(readdirSync(elsewhere), ['victim'])
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
  }
  return { out, elsewhere, victim, state: join(out, '.scriptorium'), assertUntouched }
}

test('a link in place of our own folder or its tmp is neither swept nor written through', (t) => {
  const { out, elsewhere, state, assertUntouched } = setUp(t)
  mkdirSync(state)
  symlinkSync(elsewhere, join(state, 'tmp'))
  assert.throws(() => createOutputFiles(out), isLink)
  rmSync(state, { recursive: true })
  symlinkSync(elsewhere, state)
  assert.throws(() => createOutputFiles(out), isLink)
  assertUntouched()
})

test('a tmp replaced by a link later is neither swept nor written through', async (t) => {
  const { out, elsewhere, state, assertUntouched } = setUp(t)
  const files = createOutputFiles(out)
  renameSync(state, `${state}.aside`)
  mkdirSync(state)
  symlinkSync(elsewhere, join(state, 'tmp'))
  assert.throws(() => files.sweep(), isLink)
  await assert.rejects(files.write(document('a.png'), ['txt'], input), isLink)
  assertUntouched()
})

test('a folder below OUT that is a link is named, and nothing is written or deleted behind it', async (t) => {
  const { out, elsewhere, assertUntouched } = setUp(t)
  const files = createOutputFiles(out)
  symlinkSync(elsewhere, join(out, 'sub'))
  for (const path of ['sub/a.png', 'sub/deeper/a.png']) {
    await assert.rejects(files.write(document(path), ['txt', 'page'], input), {
      message: new RegExp(`${join(out, 'sub')} is a symbolic link`),
    })
  }
  assertUntouched()
  assert.deepEqual(readdirSync(join(out, '.scriptorium', 'tmp')), [])
})

test('OUT itself may be a link', async (t) => {
  const { out, elsewhere } = setUp(t)
  const link = join(out, 'link')
  symlinkSync(elsewhere, link)
  const files = createOutputFiles(link)
  await files.write(document('sub/a.png'), ['txt'], input)
  await files.sync()
  assert.ok(existsSync(join(elsewhere, 'sub', 'a.png.txt')))
})

test('a link, hard link or FIFO with the name of an output is replaced, not written through', async (t) => {
  const { out, victim, assertUntouched } = setUp(t)
  const files = createOutputFiles(out)
  symlinkSync(victim, join(out, 'link.png.txt'))
  linkSync(victim, join(out, 'hard.png.txt'))
  execFileSync('mkfifo', [join(out, 'fifo.png.txt')])
  symlinkSync(victim, join(out, 'results.txt'))
  for (const name of ['link', 'hard', 'fifo']) {
    await files.write(document(`${name}.png`), ['txt'], input)
    assert.ok(lstatSync(join(out, `${name}.png.txt`)).isFile())
  }
  await files.replace('results.txt', ['all'])
  assertUntouched()
})

test('log, lock, holder and heartbeat are never written through a link, hard link or FIFO', (t) => {
  const { out, victim, assertUntouched } = setUp(t)
  const plant: [string, (file: string) => void][] = [
    ['a symbolic link', (file) => symlinkSync(victim, file)],
    ['hard link', (file) => linkSync(victim, file)],
    ['FIFO|neither file nor folder|not a file', (file) => execFileSync('mkfifo', [file])],
  ]
  const write: [string, (file: string) => unknown][] = [
    [logFileOf(out), () => openLog(out)],
    [join(out, 'run.lock'), takeLock],
    [join(out, 'run.lock.holder'), () => takeLock(join(out, 'run.lock'))],
    [join(out, 'beat'), touchBeatFile],
  ]
  for (const [what, make] of plant) {
    for (const [file, use] of write) {
      make(file)
      assert.throws(() => use(file), { code: 'configuration', message: new RegExp(what) }, file)
      for (const name of readdirSync(out)) rmSync(join(out, name))
    }
  }
  assertUntouched()
})

test('folders of the spool, of Redis and of a restore must not be links', (t) => {
  for (const name of ['spool', 'redis', 'restoring', 'ledger.sqlite']) {
    const { out, elsewhere, assertUntouched } = setUp(t)
    symlinkSync(elsewhere, join(out, name))
    assert.throws(() => takePrivateFolder(out), isLink)
    assertUntouched()
  }
  const { out, elsewhere, assertUntouched } = setUp(t)
  openSpool(out)
  rmSync(join(out, 'spool', 'tmp'), { recursive: true })
  symlinkSync(elsewhere, join(out, 'spool', 'tmp'))
  assert.throws(() => openSpool(out), isLink)
  assertUntouched()
})

test('ingest names the link, and leaves its target alone', async (t) => {
  const scene = createScene(t)
  const elsewhere = makeFolder(t)
  writeFileSync(join(elsewhere, 'victim'), 'precious')
  writeFileSync(join(scene.input, 'a.png'), await pngOf('a'))
  mkdirSync(join(scene.out, '.scriptorium'), { recursive: true })
  const link = join(scene.out, '.scriptorium', 'tmp')
  symlinkSync(elsewhere, link)
  const { code, stderr } = await scene.run([scene.input])
  assert.equal(code, 9)
  assert.match(stderr, new RegExp(`${link} is a symbolic link`))
  assert.deepEqual(readdirSync(elsewhere), ['victim'])
})
