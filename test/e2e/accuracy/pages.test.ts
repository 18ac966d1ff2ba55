/**
 * The same page reads the same however it is given (word F1, in points of a hundred), and reads the same twice; pages without
 * writing end empty at once. Pages from outside the repository are used where they exist.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import type { PageReading } from '../../../workers/ocr/read/page-reader.ts'
import { inCorpus } from '../../helpers/corpus.ts'
import { createPageReadings } from '../../helpers/pages/page-readings.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const pageReadings = createPageReadings()
after(() => pageReadings.close())
const read = (bytes: Buffer, deadlineMs?: number) => pageReadings.read(bytes, deadlineMs)

const percent = (truth: string, text: string): number => 100 * wordF1(truth, text)

const samplePath = join(repository, 'samples/letters/harbour.jpg')
const sampleTruth = readFileSync(
  join(repository, 'test/fixtures/truth/letters/harbour.jpg.txt'),
  'utf8',
)
const { data: pixels, info } = await sharp(samplePath)
  .greyscale()
  .toColourspace('b-w')
  .raw()
  .toBuffer({ resolveWithObject: true })
const { width, height } = info
const plain = (): Sharp => sharp(pixels, { raw: { width, height, channels: 1 } })
const sample = await read(readFileSync(samplePath))
const sampleF1 = percent(sampleTruth, sample.text)

test('the plain page reads well', () => {
  assert.ok(sampleF1 > 95, `${sampleF1}`)
})

/** Ink as opaque pixels of one colour on a transparent background. */
async function onNothing(level: number): Promise<Buffer> {
  const layered = Buffer.alloc(width * height * 2, level)
  pixels.forEach((value, index) => {
    layered[2 * index + 1] = 255 - value
  })
  return sharp(layered, { raw: { width, height, channels: 2 } })
    .png()
    .toBuffer()
}

const deep = (): Promise<Buffer> => {
  const values = Uint16Array.from(pixels, (value) => value * 257)
  const raw = { width, height, channels: 1 } as const
  return sharp(values, { raw }).toColourspace('grey16').png().toBuffer()
}

const white = { background: 'white' }
const bitmap = { compression: 'ccittfax4', bitdepth: 1 } as const
const variants: Record<string, () => Promise<Buffer>> = {
  'turned by 90 degrees': () => plain().rotate(90).png().toBuffer(),
  'turned by 180 degrees': () => plain().rotate(180).png().toBuffer(),
  'turned by 270 degrees': () => plain().rotate(270).png().toBuffer(),
  'laid askew by 3 degrees': () => plain().rotate(3, white).png().toBuffer(),
  'laid askew by -5 degrees': () => plain().rotate(-5, white).png().toBuffer(),
  'with EXIF orientation 6': () =>
    plain().rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 90 }).toBuffer(),
  'with EXIF orientation 5': () =>
    plain().flip().rotate(90).withMetadata({ orientation: 5 }).jpeg({ quality: 90 }).toBuffer(),
  inverted: () => plain().negate().png().toBuffer(),
  'inverted and turned by 90 degrees': () => plain().negate().rotate(90).png().toBuffer(),
  'as black on nothing': () => onNothing(0),
  'as white on nothing': () => onNothing(255),
  'with 16 bits a pixel': deep,
  'with one bit a pixel': () => plain().threshold(150).toColourspace('b-w').tiff(bitmap).toBuffer(),
  'in CMYK': () => plain().toColourspace('cmyk').jpeg({ quality: 90 }).toBuffer(),
  'as GIF': () => plain().gif().toBuffer(),
  'as WebP': () => plain().webp({ quality: 80 }).toBuffer(),
  'said to have 1 dpi': () => plain().withDensity(1).png().toBuffer(),
  'said to have 10000 dpi': () => plain().withDensity(10_000).png().toBuffer(),
  'twice as large': () =>
    plain()
      .resize(2 * width)
      .png()
      .toBuffer(),
  'at 75 dpi': () =>
    plain()
      .resize(width >> 1)
      .jpeg({ quality: 85 })
      .toBuffer(),
}

for (const [name, make] of Object.entries(variants)) {
  const allowance = name === 'at 75 dpi' ? 8 : 2
  test(`the page ${name} reads within ${allowance} points of the plain one`, async () => {
    const { text } = await read(await make())
    const f1 = percent(sampleTruth, text)
    assert.ok(f1 >= sampleF1 - allowance, `${f1.toFixed(1)}, and ${sampleF1.toFixed(1)} plain`)
  })
}

const data = inCorpus('.')

/** Files of the pages outside of the repository; skips the test without them. */
function dataFiles(t: TestContext, pattern: string): string[] {
  const files = globSync(join(data, pattern)).toSorted()
  if (files.length === 0)
    t.skip(`needs ${pattern} of the corpus, which is not part of the repository`)
  return files
}

const truthOf = (file: string): string => file.replace(/\.[^.]+$/, '.gt.txt')

test('every externally made variant of a page reads like the plain one', async (t) => {
  // Of documents with many pages each is another page.
  const made = dataFiles(t, 'odd/made/*')
    .filter((file) => !file.endsWith('.txt') && existsSync(truthOf(file)))
    .filter((file) => !basename(file).startsWith('multipage'))
  if (made.length === 0) return
  const truth = readFileSync(join(data, 'pages/scribe/filing_01.gt.txt'), 'utf8')
  const page = await read(readFileSync(join(data, 'pages/scribe/filing_01.png')))
  const plainF1 = percent(truth, page.text)
  for (const file of made) {
    const allowance = file.includes('75dpi') ? 8 : 2
    await t.test(`${basename(file)} within ${allowance} points`, async () => {
      const { text } = await read(readFileSync(file))
      const f1 = percent(readFileSync(truthOf(file), 'utf8'), text)
      assert.ok(f1 >= plainF1 - allowance, `${f1.toFixed(1)}, and ${plainF1.toFixed(1)} plain`)
    })
  }
})

/** Expected orientation of rotated pages, by the end of their names. */
const lying: Record<string, { rotation: number; skew: number; words: RegExp }> = {
  'phototest-rotated-L.png': { rotation: 90, skew: 0, words: /quick brown dog/ },
  'phototest-rotated-R.png': { rotation: 270, skew: 0, words: /quick brown dog/ },
  'phototest-rotated-180.png': { rotation: 180, skew: 0, words: /quick brown dog/ },
  'phototestrot.tif': { rotation: 90, skew: 0, words: /quick brown dog/ },
  'simple-270.jpg': { rotation: 270, skew: 0, words: /Tesseract\.js/ },
  'testRotatedplus10.png': { rotation: 0, skew: -10, words: /resolving otherwise/ },
}

test('real pages on their side are rotated upright', async (t) => {
  for (const file of dataFiles(t, 'odd/rotated-images/*')) {
    const wanted = Object.entries(lying).find(([name]) => file.endsWith(name))?.[1]
    if (wanted === undefined) continue
    await t.test(basename(file), async () => {
      const { orientation, text } = await read(readFileSync(file))
      assert.equal(orientation.rotation, wanted.rotation)
      assert.ok(Math.abs(orientation.skew - wanted.skew) < 0.5, `${orientation.skew}`)
      assert.match(text, wanted.words)
    })
  }
})

/** Word F1 of French read with the English model, in points: above 75 upright, close to 0 in any other rotation. */
const leastOfPhotos = 60

test('phone photos held at an angle or flat are rotated upright', async (t) => {
  for (const file of dataFiles(t, 'pages/dyslexia-fra-photos/*.jpg')) {
    await t.test(basename(file), async () => {
      const { text } = await read(readFileSync(file))
      const f1 = percent(readFileSync(truthOf(file), 'utf8'), text)
      assert.ok(f1 > leastOfPhotos, String(f1))
    })
  }
})

/** Rotation of EXIF's eight orientations, degrees. */
const exifRotations = [0, 0, 180, 180, 270, 90, 90, 270]

test('the EXIF orientation of pictures is applied, and no words are invented for them', async (t) => {
  for (const file of dataFiles(t, 'odd/exif/*')) {
    const { orientation = 1 } = await sharp(file, { failOn: 'none' }).metadata()
    await t.test(basename(file), async () => {
      const { orientation: found, text } = await read(readFileSync(file))
      assert.equal(found.rotation, exifRotations[orientation - 1])
      assert.equal(text, '')
    })
  }
})

/** The parts of a page's result, without its timings. */
const bytesOf = ({ text, confidence, blocks, orientation, readings }: PageReading): string => {
  const untimed = readings.map((reading) => ({ ...reading, recogniseMs: 0 }))
  return JSON.stringify({ text, confidence, blocks, orientation, readings: untimed })
}

test('the result of a page is byte-identical after any other page, also after a failure', async () => {
  const [a, b, c] = ['letters/bindery.webp', 'ledger/till.jpg', 'stars.png'].map((name) =>
    readFileSync(join(repository, 'samples', name)),
  )
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  const first = bytesOf(await read(a))
  await read(b)
  assert.equal(bytesOf(await read(a)), first)
  await assert.rejects(read(c, 1), { code: 'page_timeout' })
  assert.equal(bytesOf(await read(a)), first)
})

/** 0 to 1, without any pattern (an integer hash of Wellons' kind). */
function noise(index: number): number {
  const mixed = Math.imul((index ^ (index >>> 16)) + 1, 0x7feb352d)
  const again = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return ((again ^ (again >>> 16)) >>> 0) / 2 ** 32
}

/** 1240 x 1754 pixels, with the grey of `level` at each place (shares of the page). */
function painted(level: (x: number, y: number, index: number) => number): Promise<Buffer> {
  const [wide, high] = [1240, 1754]
  const made = Uint8Array.from({ length: wide * high }, (_, index) => {
    const value = level((index % wide) / wide, Math.floor(index / wide) / high, index)
    return Math.max(0, Math.min(255, value))
  })
  return sharp(made, { raw: { width: wide, height: high, channels: 1 } })
    .png()
    .toBuffer()
}

const blanks: Record<string, () => Promise<Buffer>> = {
  'a white page': () => painted(() => 255),
  'a black page': () => painted(() => 0),
  'yellowed paper with its grain': () => painted((_x, _y, index) => 205 + 14 * noise(index)),
  'paper in the shade': () => painted((x, y, index) => 240 - 90 * x - 40 * y + 6 * noise(index)),
}

for (const [name, make] of Object.entries(blanks)) {
  test(`${name} is empty and never reaches the engine`, async () => {
    const { text, blocks, calls } = await read(await make())
    assert.deepEqual([text, blocks, calls], ['', [], 0])
  })
}

const hills = (x: number, y: number, index: number): number => {
  const ridge = 0.5 + 0.12 * Math.sin(9 * x) + 0.05 * Math.sin(31 * x + 2)
  const land = 70 + 40 * noise(index) + 30 * Math.sin(23 * x * y)
  return y < ridge ? 200 - 60 * y + 8 * noise(index) : land
}
const blots = (x: number, y: number): number =>
  [0.2, 0.5, 0.8].some((at, index) => Math.hypot(x - at, y - 0.3 - 0.2 * index) < 0.11) ? 30 : 250
const frame = (x: number, y: number): number =>
  x < 0.1 || x > 0.9 || y < 0.08 || y > 0.9 ? 5 : 235
/** Dots of a letter's size in rows. */
const cloth = (x: number, y: number): number =>
  128 + 60 * Math.sin(170 * x) * Math.sin(200 * y) + 50 * Math.sin(7 * (x + y))

/** Maximum number of engine calls: one prepared, one of the page as it is; more only for rows of letter-like shapes. */
const pictures: Record<string, { level: Parameters<typeof painted>[0]; looks: number }> = {
  'a landscape': { level: hills, looks: 2 },
  blots: { level: blots, looks: 2 },
  'a black frame round a blank sheet': { level: frame, looks: 2 },
  cloth: { level: cloth, looks: 10 },
}

for (const [name, { level, looks }] of Object.entries(pictures)) {
  test(`a picture of ${name} is empty after at most ${looks} calls of the engine`, async (t) => {
    const { text, calls, ms } = await read(await painted(level))
    t.diagnostic(`${ms} ms, and ${sample.ms} ms for a page of text`)
    assert.equal(text, '')
    assert.ok(calls <= looks, `${calls} looks`)
  })
}

test('real pictures and blank pages are empty after at most two calls of the engine', async (t) => {
  const files = dataFiles(t, 'odd/{blank-tiny/*{flower,no-text}*,made/{blank_*,one_pixel*},exif/*}')
  for (const file of files) {
    const { text, calls, ms } = await read(readFileSync(file))
    t.diagnostic(`${basename(file)}: ${calls} looks, ${ms} ms`)
    assert.equal(text, '', file)
    assert.ok(calls <= 2, `${file}: ${calls} looks`)
  }
})
