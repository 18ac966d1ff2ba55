import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createRandom } from '../../../scripts/tools/common/random.ts'
import { makeMemoryBombs } from '../../../scripts/tools/fuzz/files/bombs/memory.ts'
import { inCorpus, withoutCorpus } from '../../helpers/corpus.ts'
import { decodersOf } from '../../helpers/pages/decoder.ts'
import { finalRecords } from '../../helpers/outcome.ts'
import { pngOf, writeOld } from '../../helpers/pages/pages.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'

/** As in docker-compose.yml: a worker and its decoder share a gibibyte. */
const containerBytes = 2 ** 30
const setting = { SCRIPTORIUM_DECODE_MEMORY: String(containerBytes / 2) }

/** The peak memory of a process, bytes; 0 once it has ended. */
function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return 1_024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Watches the only worker of a scene and its decoders: their peak memory. */
function watchPeaks(folder: string) {
  const peaks = { worker: 0, decoder: 0 }
  const timer = setInterval(() => {
    for (const { pid } of findProcesses(folder, 'workers/ocr/main.ts')) {
      peaks.worker = Math.max(peaks.worker, peakOf(pid))
      for (const decoder of decodersOf(pid))
        peaks.decoder = Math.max(peaks.decoder, peakOf(decoder))
    }
  }, 100)
  return { peaks, stop: () => clearInterval(timer) }
}

/** Reads files with one worker, between two good pages. Gives the code of each, and asserts that its worker saw it through. */
async function codesOf(
  t: TestContext,
  files: Record<string, Buffer>,
): Promise<Map<string, string>> {
  const scene = createScene(t)
  const good = ['a page.png', 'z page.png']
  for (const name of good) writeOld(join(scene.input, name), await pngOf(name))
  for (const [name, bytes] of Object.entries(files)) writeOld(join(scene.input, name), bytes)
  const watch = watchPeaks(scene.folder)
  t.after(watch.stop)
  const { code, stderr } = await scene.run([scene.input, '--workers', '1'], setting)
  watch.stop()
  assert.ok(code === 0 || code === 2, stderr)
  assert.equal(new Set(scene.readers().map(({ pid }) => pid)).size, 1, 'one worker read all')
  const { worker, decoder } = watch.peaks
  t.diagnostic(`worker ${Math.round(worker / 1e6)} MB, decoder ${Math.round(decoder / 1e6)} MB`)
  assert.ok(worker + decoder < containerBytes)
  const records = finalRecords(scene.out)
  assert.equal(records.length, good.length + Object.keys(files).length)
  return new Map(records.map((row) => [row.path, row.error?.code ?? row.outcome ?? '']))
}

test('small files that need gigabytes to decode are rejected, and their worker continues', async (t) => {
  const bombs = await makeMemoryBombs(createRandom('bombs'))
  const codes = await codesOf(t, Object.fromEntries(bombs.map(({ name, bytes }) => [name, bytes])))
  for (const { name } of bombs) assert.equal(codes.get(name), 'too_much_memory', name)
})

const hostile = inCorpus('faults/hostile')
const options = { skip: withoutCorpus('faults/hostile') }

test('files that used to kill a worker are read or rejected', options, async (t) => {
  const names = readdirSync(hostile)
  const files = names.map((name) => [name, readFileSync(join(hostile, name))] as const)
  const codes = await codesOf(t, Object.fromEntries(files))
  const allowed =
    /^(succeeded|empty|partial|corrupt_image|corrupt_pdf|too_much_memory|too_many_pages)$/
  for (const name of names) assert.match(codes.get(name) ?? '', allowed, name)
})
