import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { toRaster, toSharp } from './raster.ts'
import type { SampleRaster } from './raster.ts'
import type { ScanStep } from './scan-steps.ts'
import type { SampleSheet } from './sheet.ts'

/** A page of the sample folder: its content, its scan, its file. */
export interface SamplePage {
  /** Below samples/, with the extension. */
  readonly path: string
  readonly set: () => SampleSheet
  readonly steps: readonly ScanStep[]
  readonly store: (scan: SampleRaster) => Sharp
}

/** Writes the scan below `scansDir` and its text, one printed line per line, below `truthDir`. */
export async function writeSamplePage(
  page: SamplePage,
  scansDir: string,
  truthDir: string,
): Promise<void> {
  const sheet = page.set()
  let scan = await toRaster(sharp(sheet.svg()))
  for (const step of page.steps) scan = await step(scan)
  await write(join(scansDir, page.path), await page.store(scan).toBuffer())
  await write(join(truthDir, `${page.path}.txt`), sheet.truth())
}

async function write(path: string, content: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

const dotsPerInch = 150

/** Document scanners' clean-up leaves sixteen greys, which take a third of the bytes of 256. */
export const greyPng = (scan: SampleRaster) =>
  withDensity(scan).greyscale().png({ palette: true, colours: 16, dither: 0, compressionLevel: 9 })

export const colourJpeg = (quality: number) => (scan: SampleRaster) =>
  withDensity(scan).jpeg({ quality })

export const greyJpeg = (quality: number) => (scan: SampleRaster) =>
  withDensity(scan).greyscale().jpeg({ quality })

export const webp = (quality: number) => (scan: SampleRaster) =>
  withDensity(scan).webp({ quality, effort: 6 })

/** One bit a pixel, CCITT group 4: the format of fax machines and archive scanners. */
export const faxTiff = (scan: SampleRaster) => {
  const dotsPerMm = dotsPerInch / 25.4
  const bits = { compression: 'ccittfax4', bitdepth: 1, xres: dotsPerMm, yres: dotsPerMm } as const
  return toSharp(scan).threshold(150).toColourspace('b-w').tiff(bits)
}

/** Pixels on their side with EXIF orientation 6, as a phone held upright stores them. */
export const sidewaysJpeg = (quality: number) => (scan: SampleRaster) =>
  toSharp(scan)
    .rotate(270)
    .greyscale()
    .withMetadata({ orientation: 6, density: dotsPerInch })
    .jpeg({ quality })

const withDensity = (scan: SampleRaster) => toSharp(scan).withDensity(dotsPerInch)
