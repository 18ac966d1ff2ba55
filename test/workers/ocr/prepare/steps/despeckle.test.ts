import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../../../scripts/tools/common/random.ts'
import type { Grey } from '../../../../../workers/ocr/prepare/grey.ts'
import { findSpecks } from '../../../../../workers/ocr/prepare/specks.ts'
import { lookAt } from '../../../../../workers/ocr/prepare/look.ts'
import { despeckle } from '../../../../../workers/ocr/prepare/steps/despeckle.ts'
import { fill, paperOf, write, writtenPage } from '../drawn.ts'

/** Scatters specks over a page: one to every 900 pixels. */
function speckled(page: Grey, size: number): Grey {
  const { integer } = createRandom('specks')
  const sown = { ...page, data: new Uint8Array(page.data) }
  for (let count = (page.width * page.height) / 900; count > 0; count -= 1) {
    const x = integer(0, page.width - size)
    const y = integer(0, page.height - size)
    fill(sown, x, y, size, size)
  }
  return sown
}

const large = writtenPage(1_500, 1_800, 42)

/** Number of pixels that are dark on one page and light on the other. */
const countInk = (on: Grey, notOn: Grey): number =>
  on.data.reduce((sum, value, at) => sum + (value < 128 && (notOn.data[at] ?? 0) >= 128 ? 1 : 0), 0)

/** Dark pixels above the writing. */
const countInMargin = ({ data, width }: Grey): number =>
  data.subarray(0, width * 170).filter((value) => value < 128).length

test('specks of 1 to 4 pixels are measured and removed, and the letters stay', async () => {
  const ink = countInk(large, paperOf(large.width, large.height))
  for (const size of [1, 2, 3, 4]) {
    const look = lookAt(speckled(large, size))
    assert.equal(findSpecks(look), size)
    const { page } = await despeckle.apply(look)
    const [before, after] = [look.page, page].map(countInMargin)
    assert.ok((after ?? 0) < 0.05 * (before ?? 0), `specks of ${size}: ${before}, then ${after}`)
    assert.ok(countInk(large, page) < 0.1 * ink, 'the letters are whole')
    assert.ok(countInk(page, large) < 0.1 * ink, 'the letters are no thicker')
  }
})

test('small print keeps its specks: the median would take its strokes', async () => {
  const look = lookAt(speckled(writtenPage(1_500, 1_800, 9), 3))
  assert.equal(await despeckle.apply(look), look)
})

/** Dots in rows between two columns of writing, close to the page's edges. */
function contents(): Grey {
  const page = paperOf(1_500, 1_800)
  write(page, { left: 40, top: 40, right: 500, bottom: 1_760, letter: 24 })
  write(page, { left: 1_400, top: 40, right: 1_460, bottom: 1_760, letter: 24 })
  for (let y = 61; y < 1_760; y += 43) for (let x = 520; x < 1_390; x += 12) fill(page, x, y, 3, 3)
  return page
}

/** A picture in dots on the lower half. */
function halftone(): Grey {
  const page = paperOf(1_500, 1_800)
  write(page, { left: 100, top: 100, right: 1_400, bottom: 850, letter: 24 })
  for (let y = 900; y < 1_700; y += 7) for (let x = 150; x < 1_350; x += 7) fill(page, x, y, 3, 3)
  return page
}

test('clean pages, small print, leaders, halftones and empty paper stay as they are', async () => {
  const pages = {
    clean: large,
    small: writtenPage(1_500, 1_800, 9),
    contents: contents(),
    halftone: halftone(),
    dots: speckled(paperOf(1_500, 1_800), 2),
    tiny: speckled(writtenPage(400, 300, 20), 2),
  }
  for (const [name, page] of Object.entries(pages)) {
    const look = lookAt(page)
    assert.equal(await despeckle.apply(look), look, name)
  }
})
