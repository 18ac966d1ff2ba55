import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { createRandom } from '../../../../scripts/tools/common/random.ts'
import {
  chain,
  circle,
  makeTiffBombs,
  overlappingDirectories,
  pageWith,
} from '../../../../scripts/tools/fuzz/files/bombs/tiff.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { inCorpus, withoutCorpus } from '../../../helpers/corpus.ts'

const openers = createOpeners({
  maxPages: 2_000,
  maxMegapixels: 1,
  decodeBytes: 512 * 2 ** 20,
  decodeMs: 60_000,
})
after(() => openers.close())
const forms = [
  { isBig: false, isLittle: true },
  { isBig: false, isLittle: false },
  { isBig: true, isLittle: true },
  { isBig: true, isLittle: false },
]
const wishes = { dpi: 0, pdfText: 'auto' } as const

/** Of this process alone: the machine may be busy with others. */
async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

test('overlapping directories of every form are rejected within a second', async () => {
  for (const form of forms) {
    for (const hasPage of [false, true]) {
      const bytes = overlappingDirectories(form, { directories: 2_000, entries: 4_096, hasPage })
      const spent = await processorSeconds(() =>
        assert.rejects(openers.open(bytes, undefined), {
          code: 'corrupt_image',
          message: /directories overlap/,
        }),
      )
      assert.ok(spent < 1, `${spent} s`)
    }
  }
})

const hostile = inCorpus('faults/hostile')
test(
  'files that took a gigabyte are rejected within a second',
  { skip: withoutCorpus('faults/hostile') },
  async () => {
    for (const name of ['tiff-directory-bomb.tif', 'tif-page1-dirs.tif']) {
      const bytes = readFileSync(join(hostile, name))
      const spent = await processorSeconds(() =>
        assert.rejects(openers.open(bytes, undefined), { code: 'corrupt_image' }),
      )
      assert.ok(spent < 1, `${name}: ${spent} s`)
    }
  },
)

test('a circular chain of pages yields each page once', async () => {
  for (const form of forms) {
    for (const pages of [1, 3]) {
      const document = await openers.open(circle(form, pages), undefined)
      assert.equal(document.pagesTotal, pages)
      const page = await document.page(pages, wishes)
      assert.deepEqual([page.width, page.height], [16, 16])
    }
  }
})

test('a page of a long file is decoded without visiting the other pages', async () => {
  const bytes = chain({ isBig: false, isLittle: true }, 2_000)
  const document = await openers.open(bytes, undefined)
  assert.equal(document.pagesTotal, 2_000)
  for (const number of [1, 1_000, 2_000]) {
    const page = await document.page(number, wishes)
    assert.ok(page.kind === 'pixels')
    assert.equal((await sharp(page.pixels.data).metadata()).pages ?? 1, 1)
  }
  await assert.rejects(openers.open(chain({ isBig: false, isLittle: true }, 2_001), undefined), {
    code: 'too_many_pages',
  })
})

test('unknown fields are withheld from libtiff, which sorts its list for each of them', async () => {
  const bytes = chain({ isBig: false, isLittle: true }, 1, 4_000)
  const document = await openers.open(bytes, undefined)
  const page = await document.page(1, wishes)
  assert.ok(page.kind === 'pixels')
  assert.ok(page.pixels.data.length < 1_000)
  assert.ok((await sharp(page.pixels.data).raw().toBuffer()).every((level) => level === 255))
})

test('strips that share their bytes, as blank ones may, are decoded', async () => {
  const form = { isBig: false, isLittle: true }
  const height = 2_048
  const strips = { tag: 273, type: 4, values: Array<number>(height).fill(8) } as const
  const sizes = { tag: 279, type: 3, values: Array<number>(height).fill(16) } as const
  const rows = { tag: 278, type: 3, values: [1] } as const
  const size = { tag: 257, type: 3, values: [height] } as const
  const bytes = pageWith(form, [size, strips, sizes, rows])
  assert.ok(bytes.length < 16 * height)
  const document = await openers.open(bytes, undefined)
  const page = await document.page(1, wishes)
  assert.ok(page.kind === 'pixels')
  assert.deepEqual([page.width, page.height], [16, height])
  assert.ok((await sharp(page.pixels.data).raw().toBuffer()).every((level) => level === 255))
})

test('every bomb is opened or rejected with a code within a second of processor time', async (t) => {
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
    for (const { name, bytes } of makeTiffBombs(createRandom(seed))) {
      await t.test(`${name} (seed ${seed})`, async () => {
        const spent = await processorSeconds(() => openFirst(bytes))
        assert.ok(spent < 1, `${spent} s`)
      })
    }
  }
})

async function openFirst(bytes: Buffer): Promise<void> {
  try {
    const document = await openers.open(bytes, undefined)
    await document.page(1, wishes)
    await document.page(document.pagesTotal, wishes)
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError)) throw thrown
  }
}
