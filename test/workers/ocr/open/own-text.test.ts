import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import type { OpenedPage, PageWishes } from '../../../../workers/ocr/open/opened.ts'
import { readGlyphNames } from '../../../../shared/fonts/glyph-names.ts'
import { inCorpus, withoutCorpus } from '../../../helpers/corpus.ts'
import { pdfOf, scanOf, type PdfPageSource } from '../../../helpers/pages/scanned-pdf.ts'
import { glyphsOf, makeTinyFont } from '../../../helpers/pages/tiny-font.ts'

const openers = createOpeners({
  maxPages: 100,
  maxMegapixels: 20,
  decodeMs: 20_000,
  decodeBytes: 512 * 2 ** 20,
})
after(() => openers.close())

async function open(bytes: Buffer, pdfText: PageWishes['pdfText'] = 'auto'): Promise<OpenedPage> {
  const document = await openers.open(bytes, undefined)
  const page = await document.page(1, { dpi: 0, pdfText })
  await document.close()
  return page
}
const pageOf = (source: PdfPageSource): Promise<OpenedPage> => open(pdfOf([source]))

const prose = [
  'The harbour master keeps a ledger of every ship that comes in,',
  'with the name of her captain, the port she sailed from,',
  'what she carries, and how deep she lies in the water.',
  'Each evening the entries are read aloud and signed.',
]
const size = { width: 595, height: 842 }
const letter: PdfPageSource = { ...size, text: { lines: prose, mode: 0 } }
const withText = (lines: readonly string[]): PdfPageSource => ({
  ...size,
  text: { lines, mode: 0 },
})

/** A picture whose upper half is black. */
async function halfBlack(width: number, height: number) {
  const black = await sharp({
    create: { width, height: height / 2, channels: 3, background: 'black' },
  })
    .png()
    .toBuffer()
  const paper = sharp({ create: { width, height, channels: 3, background: 'white' } })
  return paper
    .composite([{ input: black, left: 0, top: 0 }])
    .png()
    .toBuffer()
}

const scanned = async (): Promise<PdfPageSource> => scanOf(await halfBlack(1_240, 1_754), 150)

function darkRows(data: Buffer, width: number): { top: number; bottom: number; pixels: number } {
  const dark = [...data.entries()].filter(([, level]) => level < 100).map(([index]) => index)
  return {
    top: Math.floor((dark[0] ?? 0) / width),
    bottom: Math.floor((dark.at(-1) ?? 0) / width),
    pixels: dark.length,
  }
}

test('exact text stays on a page with a photograph, and the picture is returned without the text', async () => {
  const { scan } = await scanOf(await halfBlack(600, 400), 100)
  assert.ok(scan)
  const page = await pageOf({ ...letter, picture: { ...scan, at: [60, 100, 475, 400] } })
  assert.ok(page.kind === 'layer')
  assert.equal(page.layer.text, prose.join('\n'))
  assert.equal(page.reason, 'exact_text')
  assert.ok(page.pictures?.raw)
  const scale = 300 / 72
  const { top, bottom, pixels } = darkRows(page.pictures.data, page.width)
  assert.ok(Math.abs(top - (842 - 500) * scale) < 3, `the picture begins in row ${top}`)
  assert.ok(Math.abs(bottom - (842 - 300) * scale) < 3, `its black half ends in row ${bottom}`)
  assert.ok(Math.abs(pixels - 475 * 200 * scale * scale) < 5e4, 'nothing else is painted')
})

test('bullets of private use, part numbers and figures do not make text doubtful', async () => {
  const parts = Array.from({ length: 30 }, (_, row) => `XK${row}R-7741BZ ${row * 13}.50 TR${row}PQ`)
  const figures = Array.from({ length: 30 }, (_, row) => `${row * 17} -14.3 (${row}) 7,120.55 12%`)
  for (const lines of [parts, figures, ['HTTP, TLS, DNS, SMTP, BGP, NTP']]) {
    const page = await pageOf(withText(lines))
    assert.equal(page.kind, 'layer', lines[0])
  }
})

test('spaced letters are not words, visible or not', async () => {
  const spaced = prose.map((line) => Array.from(line.replaceAll(' ', '')).join('   '))
  const visible = await pageOf(withText(spaced))
  assert.ok(visible.kind === 'pixels')
  assert.equal(visible.own?.isExact, false)
  const scan = await scanned()
  const text = { lines: [...spaced, ...spaced, ...spaced], mode: 3, size: 7, leading: 30 } as const
  const hidden = await pageOf({ ...scan, text })
  assert.ok(hidden.kind === 'pixels')
  assert.deepEqual([hidden.own, hidden.reason], [undefined, 'unsound_text'])
})

test('a wrong layer is ignored: exchanged letters, broken words', async () => {
  const wrong = ['lhe hsrb0ur 1edg r c0pp r', 'Iant rn m ad w k ttl 0rchsrd', 'v 1v t msrbI th1mbI']
  const scan = await scanned()
  const lines = Array.from({ length: 5 }, () => wrong).flat()
  const page = await pageOf({ ...scan, text: { lines, mode: 3, leading: 40 } })
  assert.ok(page.kind === 'pixels')
  assert.deepEqual([page.own, page.reason], [undefined, 'unsound_text'])
})

test('text on a scan is exact, and is not painted in the pixels that are read', async () => {
  const scan = await scanned()
  const plain = await pageOf(scan)
  const lines = prose.map((line) => line.toUpperCase())
  const stamped = await pageOf({ ...scan, text: { lines, mode: 0, top: 700, size: 7, leading: 9 } })
  assert.ok(stamped.kind === 'pixels' && plain.kind === 'pixels')
  assert.deepEqual([stamped.own?.isExact, stamped.own?.layer.text], [true, lines.join('\n')])
  assert.ok(stamped.pixels.data.equals(plain.pixels.data), 'the scan alone')
})

test('text below a scan is the layer of an OCR program', async () => {
  const scan = await scanned()
  const lines = [...prose, ...prose, ...prose]
  const sound = await pageOf({ ...scan, isTextBelow: true, text: { lines, mode: 0 } })
  assert.deepEqual([sound.kind, sound.reason], ['layer', 'sound_layer'])
  const cipher = lines.map((line) => line.replaceAll('ea', 'xQ').replaceAll('e', '0'))
  const wrong = await pageOf({ ...scan, isTextBelow: true, text: { lines: cipher, mode: 0 } })
  assert.deepEqual([wrong.kind, wrong.reason], ['pixels', 'unsound_text'])
})

test('a font without Unicode is read by its own character table; without one, its text is doubtful', async () => {
  const text = (font: Buffer) =>
    ({ lines: prose, mode: 0, glyphs: { font, of: glyphsOf } }) as const
  const known = await pageOf({ ...size, text: text(makeTinyFont()) })
  assert.ok(known.kind === 'layer')
  assert.equal(known.layer.text, prose.join('\n'))
  const unknown = await pageOf({ ...size, text: text(makeTinyFont({ hasTable: false })) })
  assert.ok(unknown.kind === 'pixels')
  assert.deepEqual([unknown.own?.isExact, unknown.reason], [false, 'doubtful_text'])
})

test('a damaged character table names no glyph, and an endless one comes to an end', () => {
  const font = makeTinyFont()
  assert.equal(readGlyphNames(font).get(glyphsOf('Q')[0] ?? 0), 'Q'.charCodeAt(0))
  for (let length = 0; length < font.length; length += 7) {
    assert.ok(readGlyphNames(font.subarray(0, length)).size <= 95)
  }
  const at = font.indexOf('cmap')
  const table = font.readUInt32BE(at + 8)
  for (let place = table; place < table + 44; place += 2) {
    const changed = Buffer.from(font)
    changed.writeUInt16BE(0xffff, place)
    assert.ok(readGlyphNames(changed).size <= 65_536)
  }
})

const faults = 'faults/print'
const kinds: Record<string, string> = {
  'f03_digital_font_without_tounicode.pdf': 'layer exact_text',
  'f03_digital_page_with_photo.pdf': 'layer exact_text pictures',
  'f08_old_layer_bad.pdf': 'pixels unsound_text',
  'f09_stamp_of_five_small_lines.pdf': 'pixels text_on_scan own',
  'f10_layer_of_spaced_letters.pdf': 'pixels unsound_text',
  'f14_picture_text_on_digital_page.pdf': 'layer exact_text pictures',
}

test('each page of the faults keeps its exact text', { skip: withoutCorpus(faults) }, async (t) => {
  for (const [file, wanted] of Object.entries(kinds)) {
    await t.test(file, async () => {
      const page = await open(readFileSync(inCorpus(`${faults}/${file}`)))
      const more =
        page.kind === 'layer' ? page.pictures && 'pictures' : page.own?.isExact === true && 'own'
      assert.equal([page.kind, page.reason, more].filter(Boolean).join(' '), wanted)
    })
  }
})

test('a page that is read although it has text names the words that readers find in it', async () => {
  const read = async (source: PdfPageSource) => {
    const page = await open(pdfOf([source]), 'skip')
    assert.ok(page.kind === 'pixels')
    return page.shown ?? []
  }
  const shown = await read(letter)
  assert.equal(shown.length, prose.join(' ').split(' ').length)
  const hidden = { ...letter, text: { lines: prose, mode: 3 } } as const
  assert.deepEqual(await read(hidden), [], 'an invisible layer is removed instead')
  const glyphs = { font: makeTinyFont(), of: glyphsOf }
  const unnamed = { ...letter, text: { lines: prose, mode: 0, glyphs } } as const
  assert.deepEqual(await read(unnamed), [], 'other readers find another text')
  const page = await pageOf(letter)
  assert.ok(page.kind === 'layer')
  const [first] = page.layer.blocks.flatMap(
    ({ paragraphs }) => paragraphs[0]?.lines[0]?.words ?? [],
  )
  assert.deepEqual(shown[0], first?.bbox)
})
