import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { chooseSystems } from '../../../../../scripts/tools/bench/peers/bench.ts'
import { ocrmypdf } from '../../../../../scripts/tools/bench/peers/systems/ocrmypdf.ts'
import { tesseractPresence } from '../../../../../scripts/tools/bench/peers/systems/tesseract-cli.ts'
import { tesseractJs } from '../../../../../scripts/tools/bench/peers/systems/tesseract-js.ts'
import type { Bench } from '../../../../../scripts/tools/bench/run/setting.ts'
import { makeFolder } from '../../../../helpers/folder.ts'
import { repository } from '../../../../helpers/processes/processes.ts'

/** Programs by name, each with its output. */
function makeBench(t: TestContext, programs: Record<string, string>): Bench {
  const workspace = makeFolder(t)
  for (const [name, says] of Object.entries(programs)) {
    const file = join(workspace, name)
    writeFileSync(file, `#!/bin/sh\necho '${says}'\n`)
    chmodSync(file, 0o755)
  }
  const { signal: stopping } = new AbortController()
  const say = (): void => undefined
  const environment = { PATH: workspace }
  const pagesFolder = undefined
  return { node: '', repository, workspace, rounds: 1, environment, pagesFolder, say, stopping }
}

test('a missing system is reported with the command that installs it', (t) => {
  const bench = makeBench(t, {})
  for (const presence of [tesseractPresence(bench), ocrmypdf.find(bench)]) {
    assert.equal(presence.kind, 'absent')
    assert.match(
      presence.kind === 'absent' ? presence.cure : '',
      /^apt-get install .*(tesser|ocrm)/,
    )
  }
})

test('systems are selected by full name, or by a common part of several names', () => {
  const chosen = (...only: string[]) => chooseSystems(only).map(({ name }) => name)
  assert.deepEqual(chosen('Scriptorium fast', 'ocrmy'), ['Scriptorium fast', 'OCRmyPDF'])
  assert.deepEqual(chosen('fast'), ['Scriptorium fast', 'Scriptorium fast (native)'])
  assert.equal(chooseSystems(undefined).length, 10)
})

test("versions are parsed from the programs' output; a tesseract before 5 is rejected", (t) => {
  const modern = makeBench(t, { tesseract: 'tesseract 5.3.0', ocrmypdf: '14.0.1+dfsg1' })
  assert.deepEqual(tesseractPresence(modern), { kind: 'installed', version: 'tesseract 5.3.0' })
  assert.deepEqual(ocrmypdf.find(modern), { kind: 'installed', version: 'OCRmyPDF 14.0.1+dfsg1' })
  const old = tesseractPresence(makeBench(t, { tesseract: 'tesseract v4.1.1-rc2' }))
  assert.match(old.kind === 'absent' ? old.cure : '', /4\.1\.1-rc2 is too old, 5 is the oldest/)
  assert.match(JSON.stringify(tesseractJs.find(modern)), /"installed".*tesseract\.js \d+\.\d+/)
})
