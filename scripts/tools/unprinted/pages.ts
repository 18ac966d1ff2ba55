import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { createRandom, type Random } from '../common/random.ts'
import { toRaster, toSharp, type SampleRaster } from '../samples/raster.ts'
import { dust, grain, lay, light, soften, type ScanStep } from '../samples/scan-steps.ts'
import { drawings, type Sheet } from './drawings.ts'

const table = [70, 60, 52] as const

/**
 * Writes `count` pages without a word on them, `<kind>-<number>.png` or `.jpg`, each with an empty ground truth beside
 * it: blank, noisy and drawn ones in turns, on paper of every shade, as a scanner and a camera see them. The same seed
 * writes the same pages.
 */
export async function writeUnprinted(folder: string, seed: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const kinds = Object.keys(drawings)
  for (let number = 0; number < count; number += 1) {
    const kind = kinds[number % kinds.length] ?? ''
    const random = createRandom(`${seed}/${number}`)
    const page = toSharp(await drawPage(kind, random))
    const stem = join(folder, `${kind}-${String(number).padStart(4, '0')}`)
    await (random.chance(0.5)
      ? page.png().toFile(`${stem}.png`)
      : page.jpeg().toFile(`${stem}.jpg`))
    writeFileSync(`${stem}.gt.txt`, '')
  }
}

async function drawPage(kind: string, random: Random): Promise<SampleRaster> {
  const sheet = { width: random.integer(700, 1_700), height: random.integer(800, 2_200) }
  const marks = drawings[kind]?.(sheet, random) ?? ''
  const paper = random.integer(150, 255)
  const drawn = await toRaster(sharp(Buffer.from(svgOf(sheet, paper, marks))))
  let raster: SampleRaster = drawn
  for (const step of stepsOf(random)) raster = await step(raster)
  return raster
}

const svgOf = ({ width, height }: Sheet, paper: number, marks: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
  `<rect width="100%" height="100%" fill="rgb(${paper},${paper},${paper})"/>${marks}</svg>`

function stepsOf(random: Random): ScanStep[] {
  const steps: ScanStep[] = []
  if (random.chance(0.3)) steps.push(lay({ degrees: random.next() * 6 - 3, inset: 0.04, table }))
  if (random.chance(0.5)) steps.push(soften(0.5 + random.next()))
  if (random.chance(0.5)) steps.push(light(random.next(), random.next(), random.next() * 0.5))
  if (random.chance(0.6)) steps.push(grain(random.integer(4, 40), random.integer(1, 1e6)))
  if (random.chance(0.3)) steps.push(dust(random.integer(10, 400), random.integer(1, 1e6)))
  return steps
}
