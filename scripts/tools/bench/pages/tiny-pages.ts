import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { copyPage } from './page-set.ts'

const pagesInFolder = 1_000

/**
 * Makes `count` PNG files of 32 x 32 pixels below `folder`, a thousand in each folder, no two of the same size
 * (the planner would take one for a possible copy of the other). `changed` becomes their time of change.
 */
export async function makeTinyPages(folder: string, count: number, changed: Date): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const model = `${folder}.png`
  const background = { r: 255, g: 255, b: 255 }
  await sharp({ create: { width: 32, height: 32, channels: 3, background } })
    .png()
    .toFile(model)
  for (let index = 0; index < count; index += 1) {
    const name = `${String(index).padStart(6, '0')}.png`
    const group = String(Math.floor(index / pagesInFolder)).padStart(3, '0')
    copyPage(model, join(folder, group, name), index, changed)
  }
}
