import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pngOf, writeOld } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'

test('inputs named like the combined files neither stop the run nor replace them', async (t) => {
  const scene = createScene(t)
  mkdirSync(join(scene.input, 'results.ndjson'))
  writeOld(join(scene.input, 'results'), await pngOf('named results'))
  writeOld(join(scene.input, 'results.ndjson', 'a.png'), await pngOf('in the way'))
  writeOld(join(scene.input, 'other.png'), await pngOf('other'))
  const { code, stderr } = await scene.run([scene.input, '--combined', '--formats', 'txt,json'])
  assert.equal(code, 2, stderr)
  assert.match(stderr, /results\.ndjson\/a\.png: output_exists/)
  assert.match(stderr, /results: not written as txt: output_exists/)
  assert.ok(existsSync(join(scene.out, 'results.json')))
  const combined = join(scene.out, 'results.ndjson')
  assert.ok(statSync(combined).isFile())
  assert.equal(readFileSync(combined, 'utf8').trimEnd().split('\n').length, 3, 'failed ones too')
})
