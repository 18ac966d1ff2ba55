import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { assertComplete, finalRecords } from '../../helpers/outcome.ts'
import { manyPaths, pngOf, textOf, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'

/** A PNG of a few bytes that claims 40 000 x 40 000 pixels. */
function bombOf(png: Buffer): Buffer {
  const bomb = Buffer.from(png)
  // After the signature: length, `IHDR`, width, height, five more bytes, and a checksum over all but the length.
  bomb.writeUInt32BE(40_000, 16)
  bomb.writeUInt32BE(40_000, 20)
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29)
  return bomb
}

test('Bad files among good ones get one line and a code each, and the rest is read', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(6))
  const png = await pngOf('mislabelled')
  writeOld(join(scene.input, 'png-inside.jpg'), png)
  texts.set('png-inside.jpg', await textOf('mislabelled'))
  const noise = await sharp({
    create: {
      width: 400,
      height: 400,
      channels: 3,
      background: 'white',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  })
    .jpeg()
    .toBuffer()
  const bad: Record<string, [content: string | Buffer, code: string]> = {
    'cut-off.png': [png.subarray(0, png.length - 30), 'corrupt_image'],
    'cut-off.jpg': [noise.subarray(0, noise.length / 2), 'corrupt_image'],
    'empty.png': ['', 'empty_file'],
    'text.png': ['Not an image at all.', 'unsupported_type'],
    'archive.jpg': [Buffer.from('504b0304140000000000', 'hex'), 'unsupported_type'],
    'bomb.png': [bombOf(png), 'too_many_pixels'],
    'line\nbreak.png': ['no image', 'unsupported_type'],
  }
  for (const [path, [content]] of Object.entries(bad)) writeOld(join(scene.input, path), content)
  execFileSync('mkfifo', [join(scene.input, 'pipe.png')])
  const codes = new Map(Object.entries(bad).map(([path, [, code]]) => [path, code]))
  codes.set('pipe.png', 'not_a_file')
  writeFileSync(
    Buffer.concat([Buffer.from(`${scene.input}/latin`), Buffer.from([0xe9]), Buffer.from('.png')]),
    png,
  )
  codes.set(String.raw`latin\xE9.png`, 'path_not_utf8')
  if (process.getuid?.() !== 0) {
    writeOld(join(scene.input, 'secret.png'), png)
    chmodSync(join(scene.input, 'secret.png'), 0)
    codes.set('secret.png', 'permission_denied')
    mkdirSync(join(scene.input, 'closed'), { mode: 0 })
    codes.set('closed', 'permission_denied')
  }

  const { code, stdout, stderr } = await scene.run([scene.input, '--workers', '2'])
  assert.equal(code, 2, stderr)
  const failures = Object.fromEntries([...codes.keys()].map((path) => [path, 'rejected']))
  assertComplete(scene.out, texts, failures)
  const records = finalRecords(scene.out).filter(({ outcome }) => outcome === 'rejected')
  assert.deepEqual(new Map(records.map((row) => [row.path, row.error?.code])), codes)
  // On a busy machine the run lasts long enough to print its progress.
  const lines = stderr
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(\d+\/\d+\+? done, |Nothing is heard)/.test(line))
  for (const [path, problem] of codes) {
    const shown = path.includes('\n') ? JSON.stringify(path) : path
    assert.equal(lines.filter((line) => line.startsWith(`${shown}: ${problem}: `)).length, 1, shown)
  }
  assert.equal(lines.length, codes.size, stderr)
  assert.match(
    stdout,
    new RegExp(`^Done: ${texts.size} read, ${codes.size} failed, 0 unchanged\\.$`, 'm'),
  )
})
