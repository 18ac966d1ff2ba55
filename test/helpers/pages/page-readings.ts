import assert from 'node:assert/strict'
import { defaultRecipe, type Recipe } from '../../../shared/contract/recipe.ts'
import { createEngineSlot } from '../../../workers/ocr/engine/engine-slot.ts'
import { planOf } from '../../../workers/ocr/read/plan.ts'
import { createOpeners } from '../../../workers/ocr/open/open.ts'
import { readPage } from '../../../workers/ocr/read/page-reader.ts'
import { preparePage } from '../../../workers/ocr/prepare/prepare.ts'
import { createTesseract } from '../../../workers/ocr/engine/tesseract.ts'
import { silent } from '../processes/private-redis.ts'

/** Reads pages as a worker does, one after another, with one engine. */
export function createPageReadings(recipe: Recipe = defaultRecipe) {
  const openers = createOpeners({
    maxMegapixels: 100,
    maxPages: 100,
    decodeMs: 60_000,
    decodeBytes: 512 * 2 ** 20,
  })
  const engineSlot = createEngineSlot({
    createEngine: createTesseract,
    tessdataPrefix: undefined,
    limits: { engines: 1, pages: 10_000, rssBytes: Number.POSITIVE_INFINITY },
    rssBytes: () => 0,
    log: silent,
  })
  return {
    /** Reads the first page of a file, and counts the calls of the engine. */
    async read(bytes: Buffer, deadlineMs = 120_000) {
      const document = await openers.open(bytes, undefined)
      const page = await document.page(1, { dpi: 0, pdfText: 'skip' })
      await document.close()
      assert.ok(page.kind === 'pixels')
      const began = performance.now()
      const prepared = await preparePage(page, 100, planOf(recipe).readings[0])
      const cancelling = new AbortController().signal
      let calls = 0
      const reading = await readPage(prepared, 'page', recipe, (image) => {
        calls += 1
        return engineSlot.read(image, recipe, { deadlineMs, cancelling })
      })
      return { ...reading, calls, ms: Math.round(performance.now() - began) }
    },
    async close(): Promise<void> {
      await engineSlot.close()
      await openers.close()
    },
  }
}
