import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Block, Word } from '../../../shared/contract/result/layout.ts'
import type { OpenedPage } from '../../../workers/ocr/open/opened.ts'
import { confirms } from '../../../workers/ocr/own-text/agreement.ts'
import { blend } from '../../../workers/ocr/own-text/blend.ts'
import { ofReading } from '../../../workers/ocr/own-text/own-text.ts'
import { toBlock, toParagraph } from '../../../workers/ocr/read/merge.ts'

/** A block of one line whose words are 100 pixels wide each, from the left edge. */
function block(text: string, y: number, confidence = 95): Block {
  const words = text.split(' ').map((word, index): Word => ({
    text: word,
    confidence,
    bbox: { x0: index * 100, y0: y, x1: index * 100 + 90, y1: y + 20 },
  }))
  const bbox = { x0: 0, y0: y, x1: words.length * 100 - 10, y1: y + 20 }
  const baseline = { x0: 0, y0: y + 20, x1: bbox.x1, y1: y + 20 }
  return toBlock([toParagraph([{ text, confidence, bbox, baseline, size: 20, words }])])
}

const layerOf = (...blocks: Block[]) => ({
  blocks,
  text: blocks.map(({ text }) => text).join('\n\n'),
})
const geometry = { width: 1_000, height: 1_000, dpi: 300, orientation: 1 } as const
const pixels = { data: Buffer.alloc(0) }
const readingOf = (...blocks: Block[]) => ({
  ...layerOf(...blocks),
  confidence: 95,
  orientation: { isMirrored: false, rotation: 0, skew: 0 } as const,
  readings: [],
})

test('recognised words are added where the page has no text, each once, from top to bottom', () => {
  const own = [block('Received third May', 10, 100), block('Page seven', 900, 100)]
  const reading = [
    block('Received third Mav by post', 12),
    block('Ledger of the harbour', 300),
    block('Page', 905),
  ]
  const blocks = blend(own, reading)
  assert.deepEqual(
    blocks.map(({ text, isOwnText }) => [text, isOwnText === true]),
    [
      ['Received third May', true],
      ['by post', false],
      ['Ledger of the harbour', false],
      ['Page seven', true],
    ],
  )
})

test('a reading confirms text that resembles it, in another language too', () => {
  const own = [block('należność ogółem złotych', 10), block('płatność przelewem usługa', 50)]
  const read = [block('naleznos¢ ogdlem ziotych', 10), block('platnosé przelewem ustuga', 50)]
  assert.equal(confirms(read, own), true)
})

test('a reading confirms no cipher, no letters set apart, and nothing without words', () => {
  const read = [block('The harbour master keeps a ledger', 10)]
  const cipher = [block('Rpv pqnxlyn dqsrvn cvvts q fvwjvn', 10)]
  assert.equal(confirms(read, cipher), false)
  const apart = [block('T h h a r b', 10)]
  assert.equal(confirms(read, apart), false)
  assert.equal(confirms([], read), false)
})

test('a page of text and pictures is mixed only where the pictures have credible lines', () => {
  const layer = layerOf(block('Exact text of the page', 10, 100))
  const page: OpenedPage = { ...geometry, kind: 'layer', layer, pictures: pixels }
  const noise = ofReading(page, readingOf(block('~i |l .', 500, 30), block('lI iL', 600, 20)))
  assert.deepEqual([noise.textSource, noise.scannedConfidence], ['layer', null])
  assert.equal(noise.text, 'Exact text of the page')
  const seen = ofReading(page, readingOf(block('Settings of the network adapter', 500)))
  assert.deepEqual([seen.textSource, seen.textReason], ['mixed', 'pictures'])
  assert.equal(seen.scannedConfidence, 95)
  assert.equal(seen.text, 'Exact text of the page\n\nSettings of the network adapter')
  assert.equal(seen.confidence, 97.5)
})

test('text on a scan is kept whatever the reading says; doubtful text only if it is confirmed', () => {
  const layer = layerOf(block('Stamp of the reading room', 900, 100))
  const page = { ...geometry, kind: 'pixels', pixels } as const
  const stamped = ofReading(
    { ...page, own: { layer, isExact: true }, reason: 'text_on_scan' },
    readingOf(block('Every line of the scan', 100)),
  )
  assert.equal(stamped.text, 'Every line of the scan\n\nStamp of the reading room')
  assert.deepEqual([stamped.textSource, stamped.textReason], ['mixed', 'text_on_scan'])
  const doubtful = { ...page, own: { layer, isExact: false }, reason: 'doubtful_text' } as const
  const confirmed = ofReading(doubtful, readingOf(block('Stamp of thc reading roorn', 900)))
  assert.deepEqual([confirmed.text, confirmed.textSource], [layer.text, 'layer'])
  assert.equal(confirmed.textReason, 'confirmed_text')
  const refuted = ofReading(doubtful, readingOf(block('Wholly different words stand here', 900)))
  assert.deepEqual([refuted.textSource, refuted.textReason], ['engine', 'doubtful_text'])
  assert.equal(refuted.text, 'Wholly different words stand here')
})

test('a page without words has no confidence of recognised words', () => {
  const page = { ...geometry, kind: 'pixels', pixels } as const
  const { textReason, scannedConfidence } = ofReading(page, { ...readingOf(), confidence: 0 })
  assert.deepEqual([textReason, scannedConfidence], ['image', null])
})

test('recognised words are marked where the page shows them as text', () => {
  const page: OpenedPage = {
    ...geometry,
    kind: 'pixels',
    pixels,
    reason: 'skipped',
    shown: [{ x0: 2, y0: 11, x1: 88, y1: 29 }],
  }
  const { blocks, text, textSource } = ofReading(page, readingOf(block('Shown drawn', 10)))
  const words = blocks[0]?.paragraphs[0]?.lines[0]?.words ?? []
  assert.deepEqual(
    words.map((word) => [word.text, word.isShown]),
    [
      ['Shown', true],
      ['drawn', undefined],
    ],
  )
  assert.deepEqual([text, textSource], ['Shown drawn', 'engine'])
})
