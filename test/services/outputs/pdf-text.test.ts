import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import {
  assertLooksLike,
  assertPlaced,
  drawing,
  height,
  makePdf,
  width,
} from '../../helpers/pages/drawing.ts'
import { makeLine, makeScan, type Edges } from '../../helpers/pages/scan.ts'
import { boxesOf, pdfTextOf, runTool, withoutTools } from '../../helpers/tools.ts'

const skip = withoutTools('qpdf', 'pdftotext', 'pdfimages', 'pdftoppm')

/** The place in the stored image of a displayed point, by EXIF orientation. */
const storedAt: Record<number, (x: number, y: number) => readonly [number, number]> = {
  1: (x, y) => [x, y],
  2: (x, y) => [width - x, y],
  3: (x, y) => [width - x, height - y],
  4: (x, y) => [x, height - y],
  5: (x, y) => [y, x],
  6: (x, y) => [y, height - x],
  7: (x, y) => [width - y, height - x],
  8: (x, y) => [width - y, x],
}

for (const [orientation, toStored] of Object.entries(storedAt)) {
  test(`EXIF ${orientation}: the page is upright, and so are its words`, { skip }, async (t) => {
    const options = { orientation: Number(orientation) }
    const jpeg = await drawing().jpeg().withMetadata(options).toBuffer()
    // The word is upright on the displayed page; its box and baseline are in coordinates of the file.
    const [left, top, right, bottom] = [100, 200, 250, 230]
    const [a, b] = [toStored(left, top), toStored(right, bottom)]
    const edges = [
      Math.min(a[0], b[0]),
      Math.min(a[1], b[1]),
      Math.max(a[0], b[0]),
      Math.max(a[1], b[1]),
    ] as const
    const baseline = [...toStored(left, bottom - 1), ...toStored(right, bottom - 1)] as const
    const page = makeScan([makeLine([['Upright', edges]], baseline, 36)], {
      width,
      height,
      dpi: 75,
    })
    const pdf = await makePdf(t, jpeg, 'image/jpeg', [page])
    await assertLooksLike(t, pdf, await sharp(jpeg).autoOrient().png().toBuffer())
    const [word] = boxesOf(pdf)
    assert.equal(word?.text, 'Upright')
    const wanted = [left, top, right, bottom].map((pixels) => (pixels * 72) / 75)
    const off = wanted.map((points, side) => Math.abs(points - (word?.box[side] ?? 0)))
    assert.ok(Math.max(...off) < 1.5, off.join(', '))
  })
}

for (const [way, baseline, edges] of [
  ['upwards', [100, 500, 100, 200], [72, 200, 104, 500]],
  ['downwards', [100, 200, 100, 500], [96, 200, 128, 500]],
  ['upside down', [500, 100, 200, 100], [200, 96, 500, 128]],
] as const) {
  test(`a line that runs ${way} is drawn in that direction`, { skip }, async (t) => {
    const page = makeScan([makeLine([['sideways', edges]], baseline, 36)], {
      width,
      height,
      dpi: 75,
    })
    const pdf = await makePdf(t, await drawing().png().toBuffer(), 'image/png', [page])
    assertPlaced(pdf, [page])
  })
}

test('a slanted line is drawn at its angle', { skip }, async (t) => {
  const page = makeScan(
    [makeLine([['slanting', [100, 100, 350, 270]]], [110, 125, 345, 260], 36)],
    {
      width,
      height,
      dpi: 75,
    },
  )
  const pdf = await makePdf(t, await drawing().png().toBuffer(), 'image/png', [page])
  const content = runTool('qpdf', ['--qdf', '--object-streams=disable', pdf, '-']).stdout
  const [, cos, sin] = /([\d.]+) (-[\d.]+) [\d.]+ [\d.]+ [\d.]+ [\d.]+ Tm/.exec(content) ?? []
  const angle = (Math.atan2(Number(sin), Number(cos)) * 180) / Math.PI
  assert.ok(Math.abs(angle + 29.9) < 0.5, `${angle}`)
})

/** Three lines of words that rise by this angle, with the upright boxes around them, as an engine gives them. */
function risingLines(degrees: number) {
  const radians = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)]
  const texts = ['The harbour ledger', 'mentions timber', 'and velvet ribbons']
  const at = (along: number, below: number): [number, number] => [
    60 + along * cos + below * sin,
    300 - along * sin + below * cos,
  ]
  return texts.map((text, row) => {
    const base = 60 * row
    let start = 0
    const words = text.split(' ').map((word): readonly [string, Edges] => {
      const end = start + 14 * word.length
      const corners = [
        at(start, base - 22),
        at(end, base - 22),
        at(start, base + 6),
        at(end, base + 6),
      ]
      start = end + 10
      const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
      return [word, [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]]
    })
    return makeLine(words, [...at(0, base), ...at(start, base)], 28)
  })
}

test('words of skewed pages are extracted whole', { skip }, async (t) => {
  for (const degrees of [2, 4, 7, 10, 15, -4, -10]) {
    const lines = risingLines(degrees)
    const page = makeScan(lines, { width, height, dpi: 75 })
    const pdf = await makePdf(t, await drawing().png().toBuffer(), 'image/png', [page])
    const wanted = lines.flatMap(({ words }) => words.map(({ text }) => text))
    const found = pdfTextOf(pdf).split(/\s+/).filter(Boolean)
    assert.deepEqual(found.toSorted(), wanted.toSorted(), `${degrees} degrees`)
  }
})

test('text of any script is extracted in reading order', { skip }, async (t) => {
  const texts = ['Ελληνικά', 'Кириллица', '日本語', 'हिन्दी', 'ﬁﬂœ', '𝔉𝔯𝔞𝔨𝔱𝔲𝔯', '😀']
  const lines = texts.map((text, index) =>
    makeLine(
      [[text, [60, 60 + index * 60, 260, 96 + index * 60]]],
      [60, 90 + index * 60, 260, 90 + index * 60],
      36,
    ),
  )
  const hebrew = makeLine(
    [
      ['שלום', [400, 600, 500, 630]],
      ['עולם', [250, 600, 380, 630]],
    ],
    [250, 630, 500, 630],
    36,
  )
  const pages = [makeScan([...lines, hebrew], { width, height, dpi: 75 })]
  const pdf = await makePdf(t, await drawing().png().toBuffer(), 'image/png', pages)
  const text = pdfTextOf(pdf).normalize('NFC')
  for (const wanted of texts) assert.ok(text.includes(wanted), `${wanted} in ${text}`)
  assert.match(text, /שלום עולם/u)
})

test('words of scripts without spaces are extracted without spaces', { skip }, async (t) => {
  const rows: [string, string[]][] = [
    [
      '日本における図書館、ABC の歴史',
      ['日本', 'に', 'お', 'ける', '図書', '館', '、ABC', 'の', '歴史'],
    ],
    ['北京图书馆，收藏', ['北京', '图', '书馆', '，', '收藏']],
  ]
  const lines = rows.map(([, words], row) =>
    makeLine(
      words.map((word, at) => [
        word,
        [60 + at * 55, 100 + row * 80, 60 + at * 55 + 44, 130 + row * 80],
      ]),
      [60, 128 + row * 80, 540, 128 + row * 80],
      36,
    ),
  )
  const png = await drawing().png().toBuffer()
  const pdf = await makePdf(t, png, 'image/png', [makeScan(lines, { width, height, dpi: 75 })])
  const found = pdfTextOf(pdf)
    .trim()
    .split(/\s*\n+/)
  assert.deepEqual(
    found,
    rows.map(([text]) => text),
  )
})

test(
  'words with hardly any space between them are extracted as separate words',
  { skip },
  async (t) => {
    const words = [
      ['Half', [100, 200, 202, 230]],
      ['a', [203, 208, 216, 230]],
      ['pound', [221, 208, 288, 238]],
    ] as const
    const line = makeLine(
      words.map(([text, box]) => [text, box]),
      [100, 229, 288, 229],
      36,
    )
    const png = await drawing().png().toBuffer()
    const pdf = await makePdf(t, png, 'image/png', [makeScan([line], { width, height, dpi: 75 })])
    assert.equal(pdfTextOf(pdf).trim(), 'Half a pound')
  },
)
