import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import { findEngineFactory } from '../../../../workers/ocr/engine/find-engine.ts'
import type {
  Engine,
  EngineWishes,
  PreparedPage,
  Recognition,
} from '../../../../workers/ocr/engine/engine.ts'
import { createNative } from '../../../../workers/ocr/engine/native.ts'
import { createTesseract } from '../../../../workers/ocr/engine/tesseract.ts'
import { runScript } from '../../../helpers/processes/child.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import {
  cleanEnvironment,
  findProcesses,
  repository,
} from '../../../helpers/processes/processes.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { wordF1 } from '../../../helpers/pages/word-f1.ts'

const path = process.env['PATH'] ?? ''
const find = (program: string): string | undefined =>
  path
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file))
const tesseract = find('tesseract')
const needed = tesseract === undefined ? { skip: 'no tesseract is installed' } : {}

/** A sample in grey, otherwise unchanged. */
async function open(sample: string, wishes: Partial<EngineWishes> = {}): Promise<PreparedPage> {
  const grey = sharp(join(repository, 'samples', sample))
    .flatten({ background: 'white' })
    .greyscale()
  const { data, info } = await grey.raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const pgm = Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), data])
  return {
    pgm,
    width,
    height,
    label: sample,
    wishes: {
      psm: 3,
      dpi: 0,
      thresholding: 'otsu',
      findsTables: true,
      variables: {},
      ...wishes,
    },
  }
}

async function start(t: TestContext): Promise<Engine> {
  const engine = await createNative(defaultRecipe, undefined)
  t.after(() => engine.close())
  return engine
}

/** The tesseracts that this process has started and that live. */
function ownProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const [, state, parent] = /\) (\S) (\d+) /.exec(readStat(pid)) ?? []
      return Number(parent) === process.pid && state !== 'Z' && isTesseract(pid)
    })
    .map(Number)
}
const isTesseract = (pid: string): boolean => readStat(pid).includes('(tesseract)')
function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return '' // It has ended meanwhile.
  }
}

/** Puts these programs, and no other, on the PATH while a test runs. */
function usePath(t: TestContext, programs: Record<string, string>): void {
  const folder = makeFolder(t)
  for (const [name, script] of Object.entries(programs)) {
    const file = join(folder, name)
    if (existsSync(script)) symlinkSync(realpathSync(script), file)
    else {
      writeFileSync(file, `#!/bin/sh\n${script}\n`)
      chmodSync(file, 0o755)
    }
  }
  process.env['PATH'] = folder
  t.after(() => (process.env['PATH'] = path))
}

const linesOf = ({ blocks }: Recognition) =>
  blocks.flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines))

test('both engines find the same words at the same places', needed, async (t) => {
  assert.equal(await findEngineFactory('native'), createNative)
  const native = await start(t)
  const wasm = await createTesseract(defaultRecipe, undefined)
  t.after(() => wasm.close())
  const page = await open('recipe.jpg')
  const [a, b] = [await native.recognise(page, 60_000), await wasm.recognise(page, 60_000)]
  assert.ok(wordF1(a.text, b.text) > 0.97)
  assert.ok(Math.abs(a.confidence - b.confidence) < 3)
  const others = new Map(linesOf(b).map((line) => [line.text, line]))
  const pairs = linesOf(a).flatMap((line) => {
    const other = others.get(line.text)
    return other === undefined ? [] : [[line, other] as const]
  })
  assert.ok(pairs.length > 10)
  for (const [line, other] of pairs) {
    const numbers = ({ bbox, baseline, size }: typeof line) =>
      [...Object.values(bbox), ...Object.values(baseline), size].map(Number)
    const theirs = numbers(other)
    const distance = Math.max(...numbers(line).map((n, at) => Math.abs(n - (theirs[at] ?? 0))))
    assert.ok(distance <= 3, `${line.text}: ${distance} px`)
    assert.deepEqual(
      line.words.map(({ text }) => text),
      other.words.map(({ text }) => text),
    )
  }
})

test('one process reads page after page without state between them', needed, async (t) => {
  const engine = await start(t)
  const [a, b] = [await open('seeds.png'), await open('recipe.jpg')]
  const first = await engine.recognise(a, 60_000)
  const pids = ownProcesses()
  assert.equal(pids.length, 1)
  await engine.recognise(b, 60_000)
  assert.deepEqual(await engine.recognise(a, 60_000), first)
  assert.deepEqual(ownProcesses(), pids)
})

test('a page without text has an empty result with confidence 0', needed, async (t) => {
  const engine = await start(t)
  const pgm = Buffer.concat([Buffer.from('P5\n200 200\n255\n'), Buffer.alloc(40_000, 255)])
  const wishes = { psm: 3, dpi: 0, thresholding: 'otsu', findsTables: true, variables: {} } as const
  const blank = { pgm, width: 200, height: 200, label: 'blank', wishes }
  const empty = { text: '', confidence: 0, blocks: [] }
  assert.deepEqual(await engine.recognise(blank, 60_000), empty)
  assert.notEqual((await engine.recognise(await open('poster.png'), 60_000)).text, '')
  assert.deepEqual(await engine.recognise(blank, 60_000), empty)
})

test('settings of a page apply to that page only', needed, async (t) => {
  const engine = await start(t)
  const plain = await engine.recognise(await open('poster.png'), 60_000)
  const variables = { tessedit_char_whitelist: '0123456789' }
  const digits = await engine.recognise(await open('poster.png', { variables }), 60_000)
  assert.match(digits.text, /^[\d\s]*$/)
  const line = await engine.recognise(await open('poster.png', { psm: 7 }), 60_000)
  assert.ok(linesOf(line).length <= 1)
  assert.deepEqual(await engine.recognise(await open('poster.png'), 60_000), plain)
  for (const psm of [4, 6, 11]) await engine.recognise(await open('poster.png', { psm }), 60_000)
  assert.ok(ownProcesses().length <= 3)
  await engine.close()
  assert.deepEqual(ownProcesses(), [])
})

test('a page that exceeds its timeout is killed, and no process is left', needed, async (t) => {
  const engine = await start(t)
  const page = await open('almanac.jpg')
  await assert.rejects(engine.recognise(page, 5), { code: 'page_timeout', message: /--timeout/ })
  assert.deepEqual(ownProcesses(), [])
})

/** Waits until it is well into a page: it has used the processor for a tenth of a second. */
async function untilReading(): Promise<void> {
  const ticks = () => Number(readStat(String(ownProcesses()[0])).split(' ')[13])
  const before = ticks()
  await waitFor('a page is being read', () => ticks() >= before + 10)
}

test('closing kills the process in any state and leaves no files', needed, async (t) => {
  const engine = await start(t)
  const [pid] = ownProcesses()
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  const folder = words[words.indexOf('--tessdata-dir') + 1] ?? ''
  assert.ok(existsSync(folder))
  const reading = engine.recognise(await open('almanac.jpg'), 60_000)
  const rejected = assert.rejects(reading, { code: 'engine_crash', message: /SIGKILL/ })
  await untilReading()
  await engine.close()
  await rejected
  assert.deepEqual(ownProcesses(), [])
  assert.ok(!existsSync(folder))
})

test('an engine closed while a page arrives starts no process', needed, async (t) => {
  const engine = await start(t)
  const reading = engine.recognise(await open('almanac.jpg'), 60_000)
  const rejected = assert.rejects(reading)
  await engine.close()
  await rejected
  assert.deepEqual(ownProcesses(), [])
})

test('a process that dies gives its page an engine_crash', needed, async (t) => {
  const engine = await start(t)
  const reading = engine.recognise(await open('almanac.jpg'), 60_000)
  const rejected = assert.rejects(reading, { code: 'engine_crash', message: /SIGSEGV/ })
  await untilReading()
  for (const pid of ownProcesses()) process.kill(pid, 'SIGSEGV')
  await rejected
})

test('a rejected page fails with the message of tesseract', needed, async (t) => {
  const engine = await start(t)
  const broken = { ...(await open('poster.png')), pgm: Buffer.from('no picture') }
  await assert.rejects(engine.recognise(broken, 60_000), {
    code: 'engine_crash',
    message: /exit code 1\): .*cannot be read/s,
  })
})

test('a missing or outdated tesseract gives an error with its cure', async (t) => {
  usePath(t, {})
  const cure = /apt-get install tesseract-ocr.*dnf install tesseract.*brew install tesseract/
  const missing = { code: 'configuration', exitCode: 9, message: /none is installed/ }
  await assert.rejects(createNative(defaultRecipe, undefined), missing)
  await assert.rejects(createNative(defaultRecipe, undefined), { message: cure })
  usePath(t, { tesseract: 'echo tesseract 4.1.1' })
  await assert.rejects(createNative(defaultRecipe, undefined), { message: /found 4\.1\.1/ })
  usePath(t, { tesseract: 'echo something' })
  await assert.rejects(createNative(defaultRecipe, undefined), { message: /another program/ })
})

test('a tesseract that does not start gives its reason', needed, async (t) => {
  const script = '[ "$1" = --version ] && echo tesseract 5.9.9 || { echo no room >&2; exit 1; }'
  usePath(t, { tesseract: script, env: find('env') ?? '' })
  await assert.rejects(createNative(defaultRecipe, undefined), {
    code: 'engine_boot_failed',
    message: /for eng does not start: .*no room/s,
  })
})

test('a flood of warnings does not block the engine', needed, async (t) => {
  const script = `[ "$1" = --version ] || /usr/bin/head -c 3000000 /dev/zero >&2\nexec ${tesseract} "$@"`
  const programs = { env: find('env') ?? '', stdbuf: find('stdbuf') ?? '' }
  usePath(t, { tesseract: script, ...programs })
  const engine = await start(t)
  const { text } = await engine.recognise(await open('poster.png'), 60_000)
  assert.notEqual(text, '')
})

test('without stdbuf each page gets its own process', needed, async (t) => {
  const whole = await start(t)
  const page = await open('poster.png')
  const expected = await whole.recognise(page, 60_000)
  await whole.close()
  usePath(t, { tesseract: tesseract ?? '', env: find('env') ?? '' })
  const engine = await start(t)
  assert.deepEqual(await engine.recognise(page, 60_000), expected)
  assert.deepEqual(await engine.recognise(page, 60_000), expected)
})

test('tesseract ends with its worker when that is killed', needed, async (t) => {
  if (find('setpriv') === undefined) return t.skip('no setpriv is installed')
  const folder = makeFolder(t)
  const reader = join(repository, 'test/fixtures/processes/native-reader.ts')
  const child = runScript(t, reader, [], { environment: cleanEnvironment(folder) })
  await child.says('ready')
  assert.equal(findProcesses(folder, 'tesseract').length, 1)
  child.process.kill('SIGKILL')
  await child.ended
  await waitFor('it is gone', () => findProcesses(folder, 'tesseract').length === 0)
})
