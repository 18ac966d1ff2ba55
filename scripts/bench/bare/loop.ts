import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig, workerSchema } from '../../../shared/config.ts'
import { statKey } from '../../../shared/stat-key.ts'
import type { Engine } from '../../../workers/ocr/engine.ts'
import { openImage } from '../../../workers/ocr/open/image.ts'
import { readSource } from '../../../workers/ocr/open/source.ts'
import { preparePage } from '../../../workers/ocr/prepare/prepare.ts'
import type { Order } from './messages.ts'

/** What the loop did; texts by path. */
export interface Reading {
  pages: number
  seconds: number
  texts: Map<string, string>
}

const deadlineMs = 300_000

/**
 * Reads page after page with one engine and the workers' own opening and preparation, and nothing else:
 * the speed that the pipeline is measured against.
 */
export async function readAll(
  engine: Engine,
  { root, paths }: Pick<Order, 'root' | 'paths'>,
): Promise<Reading> {
  const config = readConfig(workerSchema, {})
  const maxBytes = config.SCRIPTORIUM_MAX_FILE_BYTES
  const maxMegapixels = config.SCRIPTORIUM_MAX_MEGAPIXELS
  const limits = { maxMegapixels, maxPages: config.SCRIPTORIUM_MAX_PAGES }
  const texts = new Map<string, string>()
  let pages = 0
  const began = performance.now()
  for (const path of paths) {
    const stat = statKey(lstatSync(join(root, path), { bigint: true }))
    const { bytes } = await readSource({ root, path, follow: false, stat, maxBytes })
    const { pagesTotal } = await openImage(bytes, limits)
    const read: string[] = []
    for (let page = 1; page <= pagesTotal; page += 1) {
      const prepared = await preparePage(bytes, page, `${path}#${page}`, maxMegapixels)
      const { text } = await engine.recognise(prepared, deadlineMs)
      read.push(text)
    }
    pages += pagesTotal
    texts.set(path, read.join('\f'))
  }
  return { pages, seconds: (performance.now() - began) / 1_000, texts }
}
