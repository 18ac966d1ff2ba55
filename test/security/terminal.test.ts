import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createScene } from '../helpers/processes/scene.ts'
import { runAsOther } from '../helpers/processes/other-user.ts'

/** As a single C1 character, and as a bidi override that makes `gpj.exe` read as `exe.jpg`. */
const nasty = 'bad\u009b2J\u202egpj.png'
const raw = /[\u0080-\u009f\u202e]/

test('names are escaped in terminals and logs, and reports contain them exactly', async (t) => {
  const scene = createScene(t)
  writeFileSync(join(scene.input, nasty), 'no image at all')
  const report = join(scene.folder, 'report.json')
  const { stdout, stderr } = await scene.run([scene.input, '--report', report])
  assert.doesNotMatch(stdout + stderr, raw)
  assert.match(stderr, /bad\\u009b2J\\u202egpj\.png/)
  assert.doesNotMatch(readFileSync(join(scene.out, '.scriptorium/scriptorium.log'), 'utf8'), raw)
  for (const command of ['status', 'verify']) {
    const asked = runAsOther('scripts/scriptorium.js', [command, `${scene.out}/${nasty}`])
    assert.doesNotMatch(asked.stdout + asked.stderr, raw, command)
  }
})
