import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHocr } from '../../../../workers/ocr/engine/hocr.ts'

const word = (text: string, title = 'bbox 10 10 40 30; x_wconf 90') =>
  `<span class='ocrx_word' id='word_1_1' title='${title}'>${text}</span>`
const line = (words: string, title = 'bbox 10 10 110 30; baseline 0.1 -4; x_size 22') =>
  `<span class='ocr_line' title="${title}">${words}</span>`
const paragraph = (lines: string) =>
  `<p class='ocr_par' title="bbox 10 10 110 60">\n ${lines}\n</p>`
const block = (paragraphs: string) =>
  `<div class='ocr_carea' title="bbox 5 5 115 65">\n ${paragraphs}\n</div>`
const pageOf = (...blocks: string[]) =>
  `<div class='ocr_page' title='image "x.pgm"; bbox 0 0 200 100; ppageno 0'>\n${blocks.join('\n')}\n</div>`

const linesOf = (hocr: string, text: string) =>
  parseHocr(hocr, text).blocks.flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines))

test('words have their boxes, and lines, paragraphs and blocks their mean confidence', () => {
  const words = word('Fish &amp;') + word('chips', 'bbox 50 12 110 28; x_wconf 81')
  const { text, confidence, blocks } = parseHocr(
    pageOf(block(paragraph(line(words)))),
    'Fish & chips\n\n',
  )
  assert.deepEqual([text, confidence], ['Fish & chips', 85.5])
  const { bbox, paragraphs } = blocks[0]!
  assert.deepEqual(bbox, { x0: 5, y0: 5, x1: 115, y1: 65 })
  const only = paragraphs[0]!.lines[0]!
  assert.deepEqual([only.text, only.confidence, only.size], ['Fish & chips', 85.5, 22])
  assert.deepEqual(only.words[1], {
    text: 'chips',
    confidence: 81,
    bbox: { x0: 50, y0: 12, x1: 110, y1: 28 },
  })
})

test('the baseline is relative to the lower left corner of the line, in page pixels', () => {
  const [slanting] = linesOf(pageOf(block(paragraph(line(word('a'))))), 'a\n')
  assert.deepEqual(slanting?.baseline, { x0: 10, y0: 26, x1: 110, y1: 36 })
})

test('the baseline of a rotated line gives its direction', () => {
  const turned = (angle: number) => {
    const title = `bbox 10 20 30 220; textangle ${angle}; x_size 20`
    return linesOf(pageOf(block(paragraph(line(word('a'), title)))), 'a\n')[0]?.baseline
  }
  assert.deepEqual(turned(90), { x0: 30, y0: 220, x1: 30, y1: 20 })
  assert.deepEqual(turned(180), { x0: 30, y0: 20, x1: 10, y1: 20 })
  assert.deepEqual(turned(270), { x0: 10, y0: 20, x1: 10, y1: 220 })
})

test('where hOCR has no spaces between words, the plain text decides', () => {
  const hocr = pageOf(block(paragraph(line(word('漢') + word('字')) + line(word('b') + word('c')))))
  const texts = linesOf(hocr, '漢字\nb c\n').map(({ text }) => text)
  assert.deepEqual(texts, ['漢字', 'b c'])
  const [first] = linesOf(hocr, 'other\nlines\nthan these\n')
  assert.equal(first?.text, '漢 字')
})

test('bold and italic type is part of its word', () => {
  const words = word('<strong><em>so</em></strong>') + word('<em>it</em> is') + 'between'
  const [only] = linesOf(pageOf(block(paragraph(line(words)))), 'so it is\n')
  assert.deepEqual(
    only?.words.map(({ text }) => text),
    ['so', 'it is'],
  )
})

test('alternative readings of a word are ignored (lstm_choice_mode)', () => {
  const choices = `<span class='ocrx_cinfo'>\n<span class='ocrx_cinfo' title='x_confs 9'>G</span></span>`
  const [only] = linesOf(pageOf(block(paragraph(line(word(`so\n ${choices}\n`) + word('it'))))), '')
  assert.deepEqual(
    only?.words.map(({ text }) => text),
    ['so', 'it'],
  )
})

test('pictures, rules and lines without words are left out', () => {
  const picture = "<div class='ocr_photo' title='bbox 0 0 9 9'></div>"
  const rule = "<div class='ocr_separator' title='bbox 0 0 9 1'></div>"
  const blank = block(paragraph(line(word(' '))))
  const mixed = block(paragraph(line(word(' ')) + line(word('kept'))))
  const { blocks } = parseHocr(pageOf(picture, blank, rule, mixed), 'kept\n')
  assert.equal(blocks.length, 1)
  assert.deepEqual(
    blocks[0]?.paragraphs[0]?.lines.map(({ text }) => text),
    ['kept'],
  )
  assert.deepEqual(parseHocr(pageOf(picture, blank, rule), ' \n\n'), {
    text: '',
    confidence: 0,
    blocks: [],
  })
})

test('overlapping words of a line are separated, words of different lines are not', () => {
  const long = word('Half', 'bbox 150 49 213 68; x_wconf 95')
  const boxesOf = (next: string) =>
    linesOf(pageOf(block(paragraph(line(long + next)))), 'Half a\n')[0]?.words.map(
      ({ bbox: { x0, x1 } }) => [x0, x1],
    )
  assert.deepEqual(boxesOf(word('a', 'bbox 203 46 216 73; x_wconf 95')), [
    [150, 202],
    [203, 216],
  ])
  assert.deepEqual(boxesOf(word('a', 'bbox 203 66 216 90; x_wconf 95')), [
    [150, 213],
    [203, 216],
  ])
  assert.deepEqual(boxesOf(word('א', 'bbox 100 49 160 68; x_wconf 95')), [
    [150, 213],
    [100, 149],
  ])
})
