import assert from 'node:assert/strict'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { pngOf, textOf } from '../helpers/pages/pages.ts'
import { startProgram, type Program } from '../helpers/processes/processes.ts'
import { createScene, type Scene } from '../helpers/processes/scene.ts'

/** WATCH_FILES=10000 for the long form. */
const count = Number(process.env['WATCH_FILES'] ?? 120)
const pathOf = (number: number): string =>
  `${Math.floor(number / 500)}/${number % 7}-page-${number}.png`

function watch({ input, out, environment }: Scene, ...more: string[]): Program {
  const words = ['watch', input, '--out', out, '--formats', 'txt', '--settle', '1', ...more]
  return startProgram('scripts/scriptorium.js', words, { environment })
}

/** Brings a file into the folder in one of the ways that programs do. */
async function bring(file: string, bytes: Buffer, way: number): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const half = Math.floor(bytes.length / 2)
  if (way === 0) {
    // Slowly, and open for longer than it takes to settle.
    const open = openSync(file, 'w')
    writeSync(open, bytes, 0, half)
    await delay(1_500)
    writeSync(open, bytes, half)
    closeSync(open)
  } else if (way === 1) {
    writeFileSync(`${file}.part`, bytes)
    renameSync(`${file}.part`, file)
  } else if (way === 2) {
    // In pieces, closed between them.
    writeFileSync(file, bytes.subarray(0, half))
    await delay(200)
    appendFileSync(file, bytes.subarray(half))
  } else if (way === 3) {
    // Renamed as soon as it is there.
    writeFileSync(`${file}.old`, bytes)
    await delay(50)
    renameSync(`${file}.old`, file)
  } else writeFileSync(file, bytes)
}

test('Files that trickle in by copies, renames and partial writes are read once, over a restart', async (t) => {
  const scene = createScene(t)
  let program = watch(scene, '--exclude', '*.part')
  const some = Math.min(count, 40)
  for (let begin = 0; begin < count; begin += some) {
    const numbers = Array.from({ length: Math.min(some, count - begin) }, (_, at) => begin + at)
    await Promise.all(
      numbers.map(async (number) => {
        const path = pathOf(number)
        await bring(join(scene.input, path), await pngOf(path), number % 7)
        // Goes before it has settled.
        if (number % 7 === 6) rmSync(join(scene.input, path))
      }),
    )
    if (begin <= count / 2 && count / 2 < begin + some) {
      program.kill('SIGKILL', 'group')
      await program.ended
      program = watch(scene, '--exclude', '*.part')
    }
  }
  const expected = Array.from({ length: count }, (_, number) => number).filter(
    (number) => number % 7 !== 6,
  )
  const texts = new Map<string, string>()
  for (const number of expected) {
    texts.set(join(scene.out, `${pathOf(number)}.txt`), `${await textOf(pathOf(number))}\n`)
  }
  // On a busy machine a piece may look complete: it is read, and the whole file again.
  const isRight = (): boolean => {
    for (const [file, text] of texts) {
      if (!existsSync(file) || readFileSync(file, 'utf8') !== text) return false
      texts.delete(file)
    }
    return true
  }
  await program.until('every file has its text', isRight)
  program.kill('SIGTERM')
  assert.equal((await program.ended).code, 0)
  const inPieces = /\/2-page-/
  const again = [...scene.readings()].filter(([label, times]) => times > 1 && !inPieces.test(label))
  assert.ok(again.length <= 8, `only pages in hand when it was killed: ${JSON.stringify(again)}`)
})

test('A damaged file is set apart with its reason, and the others are read and moved', async (t) => {
  const scene = createScene(t)
  const [done, failed] = [join(scene.folder, 'done'), join(scene.folder, 'failed')]
  writeFileSync(join(scene.input, 'bad.png'), 'no picture')
  writeFileSync(join(scene.input, 'good.png'), await pngOf('good'))
  const program = watch(scene, '--move-done', done, '--failed', failed)
  await program.until('both are moved', () =>
    [join(failed, 'bad.png.reason.txt'), join(failed, 'bad.png'), join(done, 'good.png')].every(
      (file) => existsSync(file),
    ),
  )
  assert.match(
    readFileSync(join(failed, 'bad.png.reason.txt'), 'utf8'),
    /^bad\.png: unsupported_type: /,
  )
  writeFileSync(join(scene.input, 'later.png'), await pngOf('later'))
  await program.until('it goes on', () => existsSync(join(done, 'later.png')))
  assert.equal(existsSync(join(scene.out, 'later.png.txt')), true)
  program.kill('SIGTERM')
  assert.equal((await program.ended).code, 0)
})

test('An output folder inside the watched one is refused', async (t) => {
  const scene = createScene(t)
  const words = ['watch', scene.input, '--out', join(scene.input, 'out')]
  const { code, stderr } = await startProgram('scripts/scriptorium.js', words, {
    environment: scene.environment,
  }).ended
  assert.notEqual(code, 0)
  assert.match(stderr, /--out .* is inside the watched folder/)
})
