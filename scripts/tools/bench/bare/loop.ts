import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { decodeMemory, readConfig, workerSchema } from '../../../../shared/process/config.ts'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import { statKey } from '../../../../shared/files/stat-key.ts'
import type { Engine } from '../../../../workers/ocr/engine/engine.ts'
import { planOf } from '../../../../workers/ocr/read/plan.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { readSource } from '../../../../workers/ocr/open/source.ts'
import { readPage } from '../../../../workers/ocr/read/page-reader.ts'
import { preparePage } from '../../../../workers/ocr/prepare/prepare.ts'
import type { LoopOrder } from './messages.ts'

/** The result of the loop; texts by path. */
interface LoopResult {
  pages: number
  seconds: number
  texts: Map<string, string>
}

const deadlineMs = 300_000
const [firstReading] = planOf(defaultRecipe).readings

/**
 * Reads page after page with one engine and the workers' own opening, preparation and judging, and nothing else: the
 * reference speed for the pipeline.
 */
export async function readAll(
  engine: Engine,
  { root, paths }: Pick<LoopOrder, 'root' | 'paths'>,
): Promise<LoopResult> {
  const config = readConfig(workerSchema, {})
  const maxBytes = config.SCRIPTORIUM_MAX_FILE_BYTES
  const maxMegapixels = config.SCRIPTORIUM_MAX_MEGAPIXELS
  const maxPages = config.SCRIPTORIUM_MAX_PAGES
  const decodeMs = config.SCRIPTORIUM_DECODE_MS
  const decodeBytes = decodeMemory(config.SCRIPTORIUM_DECODE_MEMORY)
  const openers = createOpeners({ maxMegapixels, maxPages, decodeMs, decodeBytes })
  const texts = new Map<string, string>()
  let pages = 0
  const began = performance.now()
  for (const path of paths) {
    const stat = statKey(lstatSync(join(root, path), { bigint: true }))
    const { bytes } = await readSource({ root, path, follow: false, stat, maxBytes })
    const document = await openers.open(bytes, undefined)
    const read: string[] = []
    for (let number = 1; number <= document.pagesTotal; number += 1) {
      const page = await document.page(number, defaultRecipe)
      if (page.kind === 'layer') throw new Error(`${path} is no scan`)
      const prepared = await preparePage(page, maxMegapixels, firstReading)
      const { text } = await readPage(prepared, path, defaultRecipe, (image) =>
        engine.recognise(image, deadlineMs),
      )
      read.push(text)
    }
    await document.close()
    pages += document.pagesTotal
    texts.set(path, read.join('\f'))
  }
  await openers.close()
  return { pages, seconds: (performance.now() - began) / 1_000, texts }
}
