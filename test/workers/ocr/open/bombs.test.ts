import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { createRandom } from '../../../../scripts/tools/common/random.ts'
import { makeAnimationBombs } from '../../../../scripts/tools/fuzz/files/bombs/animations.ts'
import { makeClaims } from '../../../../scripts/tools/fuzz/files/bombs/claims.ts'
import { makePageTrees } from '../../../../scripts/tools/fuzz/files/bombs/page-trees.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { decodePage } from '../../../../workers/ocr/prepare/decode.ts'
import { pdfOf } from '../../../helpers/pages/scanned-pdf.ts'

const maxMegapixels = 100
const openers = createOpeners({
  maxPages: 2_000,
  maxMegapixels,
  decodeBytes: 512 * 2 ** 20,
  decodeMs: 120_000,
})
after(() => openers.close())

/** Opens a file's first page and its last: the outcome, and the worker's own processor time, seconds. */
async function tryOut(bytes: Buffer): Promise<{ verdict: string; pages: number; spent: number }> {
  const before = process.cpuUsage()
  let [verdict, pages] = ['read', 0]
  try {
    const document = await openers.open(bytes, undefined)
    pages = document.pagesTotal
    for (const number of new Set([1, pages])) {
      const page = await document.page(number, { dpi: 0, pdfText: 'auto' })
      // libvips' own errors are made `corrupt_image` where pages are prepared.
      if (page.kind === 'pixels') await decodePage(page, maxMegapixels).catch(() => 'corrupt_image')
    }
    await document.close()
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError)) throw thrown
    verdict = thrown.code
  }
  const { user, system } = process.cpuUsage(before)
  return { verdict, pages, spent: (user + system) / 1e6 }
}

const refusals =
  /^(read|corrupt_image|corrupt_pdf|no_pages|too_many_pages|too_many_pixels|too_much_memory|unsupported_\w+)$/

test('files whose claims exceed their content are read or rejected in bounded time', async (t) => {
  for (const seed of ['one', 'two', 'three']) {
    const random = createRandom(seed)
    const files = [
      ...(await makeAnimationBombs(random)),
      ...(await makeClaims(random)),
      ...makePageTrees(random),
    ]
    for (const { name, bytes } of files) {
      await t.test(`${name}, seed ${seed}`, async (sub) => {
        const { verdict, pages, spent } = await tryOut(bytes)
        sub.diagnostic(`${verdict}, ${pages} pages, ${spent.toFixed(2)} s`)
        assert.match(verdict, refusals)
        assert.ok(spent < 2, `${spent} s`)
      })
    }
  }
})

test('valid files are read after them', async () => {
  const page = sharp({ create: { width: 40, height: 30, channels: 3, background: 'grey' } })
  const sound = [
    await page.clone().png().toBuffer(),
    await page.clone().gif().toBuffer(),
    await page.clone().webp().toBuffer(),
    await page.clone().tiff().toBuffer(),
    pdfOf([{ width: 200, height: 100, text: { lines: ['a line of text'], mode: 0 } }]),
  ]
  for (const bytes of sound) assert.equal((await tryOut(bytes)).verdict, 'read')
})
