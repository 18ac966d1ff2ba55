/** Print of unusual colours, depths and directions, each made here: nothing of it may be lost in silence. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { createPageReadings } from '../../helpers/pages/page-readings.ts'
import { print, prose } from '../../helpers/pages/printed.ts'
import { tiffOf } from '../../helpers/pages/tiff-file.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const readings = createPageReadings()
after(() => readings.close())

/** Reads a page and asserts that every word of these lines is found, without a warning. */
async function assertRead(lines: readonly string[], page: Sharp, name: string) {
  const reading = await readings.read(await page.png().toBuffer())
  assert.equal(wordF1(lines.join('\n'), reading.text), 1, `${name}: ${reading.text}`)
  assert.equal(reading.warnings, undefined, name)
  return reading
}

/** The page after all steps so far: sharp itself applies them in an order of its own. */
const made = async (page: Sharp): Promise<Sharp> => sharp(await page.png().toBuffer())

test('samples of 10 and 12 bits in a TIFF of 16 bits are read', async () => {
  for (const max of [1_023, 4_095]) {
    const grey = print({ lines: prose, paper: 235, ink: 30 }).greyscale().raw()
    const { data, info } = await grey.toBuffer({ resolveWithObject: true })
    const { width, height } = info
    const samples = Uint16Array.from(data, (value) => Math.round((value * max) / 255))
    const fields = { 256: width, 257: height, 258: 16, 259: 1, 262: 1, 277: 1, 278: height }
    const tiff = tiffOf([{ fields, strips: [Buffer.from(samples.buffer)] }])
    assert.equal((await sharp(tiff).metadata()).depth, 'ushort')
    const { text } = await readings.read(tiff)
    assert.equal(wordF1(prose.join('\n'), text), 1, `${max}: ${text}`)
  }
})

test('three words in white on black are read, on a strip and on a sheet', async () => {
  const lines = ['Closed on Sunday']
  for (const [width, height, size] of [
    [1_000, 200, 90],
    [1_000, 200, 40],
    [1_240, 1_754, 40],
  ] as const) {
    const page = print({ lines, paper: 0, ink: 255, width, height, size })
    await assertRead(lines, page, `${width} x ${height}, ${size}`)
  }
})

test('a whole inverted page is read', async () => {
  await assertRead(prose, print({ lines: prose, paper: 5, ink: 250 }), 'inverted')
})

test('ink within 5 to 30 levels of its paper is read', async () => {
  for (const paper of [250, 128]) {
    for (const less of [5, 12, 30]) {
      await assertRead(prose, print({ lines: prose, paper, ink: paper - less }), `${paper}-${less}`)
    }
  }
})

test('paper of 20 to 80 of 255 is read, with darker ink and with white ink', async () => {
  for (const paper of [20, 45, 80]) {
    for (const ink of [0, 255]) {
      await assertRead(prose, print({ lines: prose, paper, ink }), `${ink} on ${paper}`)
    }
  }
})

test('coloured ink on paper of the same grey is read, also in a box on a white page', async () => {
  for (const [ink, paper] of [
    [
      [230, 60, 60],
      [40, 140, 140],
    ],
    [
      [0, 150, 60],
      [200, 60, 50],
    ],
    [
      [205, 205, 120],
      [190, 190, 255],
    ],
    [
      [255, 220, 0],
      [210, 215, 235],
    ],
  ] as const) {
    const page = print({ lines: prose, ink, paper })
    await assertRead(prose, page, `${ink.join()} on ${paper.join()}`)
  }
  const box = print({ lines: prose, ink: [230, 60, 60], paper: [40, 140, 140] })
  const input = await box.png().toBuffer()
  const sheet = sharp({ create: { width: 1_600, height: 2_000, channels: 3, background: 'white' } })
  await assertRead(prose, sheet.composite([{ input, left: 150, top: 500 }]), 'box')
})

test('a few words on their side or upside down are read', async () => {
  for (const lines of [['Closed on Sunday'], ['Mind the step', 'Wet paint here']]) {
    for (const degrees of [90, 180, 270]) {
      const page = (await made(print({ lines, width: 900, height: 500 }))).rotate(degrees)
      await assertRead(lines, page, `${lines.length} turned by ${degrees}`)
    }
  }
})

test('a mirrored page is read, and its orientation tells so', async () => {
  const page = await made(print({ lines: prose }))
  const mirrored = await assertRead(prose, page.clone().flop(), 'mirrored')
  assert.deepEqual(mirrored.orientation, { isMirrored: true, rotation: 0, skew: 0 })
  const flipped = await assertRead(prose, page.clone().flip(), 'flipped')
  assert.deepEqual(flipped.orientation, { isMirrored: true, rotation: 180, skew: 0 })
})
