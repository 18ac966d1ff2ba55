import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { makeTemporaryFolder } from '../../../shared/files/temporary-folder.ts'
import { createRandom } from '../common/random.ts'
import { toRaster, toSharp } from '../samples/raster.ts'
import { grain, soften } from '../samples/scan-steps.ts'
import type { Part } from './fonts.ts'
import { printPdf, renderPdf } from './print.ts'
import { composeSheet, htmlOf, kindsOf, truthOf, type Sheet } from './sheet.ts'

interface Order {
  folder: string
  part: Part
  seed: string
  count: number
  stopping: AbortSignal
}

/** A page to be made. */
interface Draft {
  number: number
  /** How often it overflowed. */
  attempt: number
}

/** Sheets of one run of Chromium. */
const batch = 24
const maxAttempts = 12

/**
 * Writes `count` printed pages, `<part>/<kind>/<number>.png` or `.jpg`, each with its text beside it: kinds in turns, in
 * fonts of Debian's at 7 to 12 points (slides 16 to 22) and 150 to 300 dpi (slides 110 to 150), a quarter of them soft
 * and grained as from a scanner. The same seed writes the same pages.
 */
export async function writePrinted(order: Order): Promise<void> {
  const temporary = makeTemporaryFolder('print')
  try {
    for (let from = 0; from < order.count; from += batch) {
      const numbers = Array.from(
        { length: Math.min(batch, order.count - from) },
        (_, at) => from + at,
      )
      await writeBatch(
        order,
        temporary.path,
        numbers.map((number) => ({ number, attempt: 0 })),
      )
    }
  } finally {
    temporary.remove()
  }
}

/** Writes the pages of one document; where one overflows, halves of it. */
async function writeBatch(
  order: Order,
  workspace: string,
  drafts: readonly Draft[],
): Promise<void> {
  const { part, seed, stopping } = order
  const kinds = kindsOf(part)
  const sheets = drafts.map(({ number, attempt }) => {
    const kind = kinds[number % kinds.length] ?? ''
    return composeSheet(part, kind, `${part}/${seed}/${number}`, attempt)
  })
  const { pdf, pages } = await printPdf(htmlOf(sheets), workspace, stopping)
  const [first] = drafts
  if (pages === sheets.length) {
    for (const [at, sheet] of sheets.entries()) {
      const png = await renderPdf(pdf, at + 1, sheet.dpi, stopping)
      await write(order, drafts[at]?.number ?? 0, sheet, png)
      rmSync(png)
    }
  } else if (drafts.length === 1 && first !== undefined) {
    const { number, attempt } = first
    if (attempt === maxAttempts) throw new Error(`page ${number} does not fit on its paper`)
    await writeBatch(order, workspace, [{ number, attempt: attempt + 1 }])
  } else {
    const middle = drafts.length >> 1
    await writeBatch(order, workspace, drafts.slice(0, middle))
    await writeBatch(order, workspace, drafts.slice(middle))
  }
}

async function write(
  { folder, part, seed }: Order,
  number: number,
  sheet: Sheet,
  png: string,
): Promise<void> {
  const set = join(folder, part, sheet.kind)
  const stem = join(set, String(number).padStart(4, '0'))
  const random = createRandom(`${part}/${seed}/${number}/scan`)
  mkdirSync(set, { recursive: true })
  writeFileSync(`${stem}.gt.txt`, truthOf(sheet))
  const page = sharp(png)
  if (!random.chance(0.25)) {
    await page.withDensity(sheet.dpi).png().toFile(`${stem}.png`)
    return
  }
  let raster = await toRaster(page)
  for (const step of [soften(0.4 + random.next() * 0.5), grain(random.integer(4, 14), number)]) {
    raster = await step(raster)
  }
  const scan = toSharp(raster).greyscale().withDensity(sheet.dpi)
  await scan.jpeg({ quality: random.integer(55, 85) }).toFile(`${stem}.jpg`)
}
