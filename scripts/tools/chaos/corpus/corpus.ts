import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import sharp from 'sharp'

/** A document that was read once undisturbed: its bytes, and the expected text. */
export interface Sample {
  name: string
  bytes: Buffer
  text: string
}

const singles = 400
const multiPage = 40
const pagesOfMulti = 4
const width = 48
const height = 32

/** Writes generated documents of one page and of several, all different. */
export async function makeSamples(folder: string): Promise<void> {
  for (let index = 0; index < singles; index += 1) {
    writeOld(
      join(folder, `${name('page', index)}.png`),
      await image([`page-${index}`])
        .png()
        .toBuffer(),
    )
  }
  for (let index = 0; index < multiPage; index += 1) {
    const seeds = Array.from({ length: pagesOfMulti }, (_, page) => `many-${index}-${page}`)
    const tiff = image(seeds).tiff({ compression: 'deflate' })
    writeOld(join(folder, `${name('many', index)}.tif`), await tiff.toBuffer())
  }
}

/** Copies the samples of a checkout. */
export function copySamples(samples: string, folder: string): void {
  for (const entry of readdirSync(samples, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    writeOld(join(folder, entry.name), readFileSync(file))
  }
}

/** The samples of `folder` with their texts in `out`. */
export function readSamples(folder: string, out: string): Sample[] {
  return readdirSync(folder)
    .toSorted()
    .map((file) => ({
      name: file,
      bytes: readFileSync(join(folder, file)),
      text: readFileSync(join(out, `${file}.txt`), 'utf8'),
    }))
}

/** The same document with new bytes: decoders ignore data after an image's end. */
export const uniqueBytes = ({ bytes }: Sample, mark: string): Buffer =>
  Buffer.concat([bytes, Buffer.from(`\n%${mark}\n`)])

/** Files younger than two seconds are checked twice, which takes a second: these are an hour old. */
export function writeOld(file: string, bytes: Buffer): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  const then = Date.now() / 1_000 - 3_600
  utimesSync(file, then, then)
}

const name = (kind: string, index: number): string => `${kind}-${String(index).padStart(4, '0')}`

/** Grey noise, different for each seed; one page per seed. */
function image(seeds: readonly string[]) {
  const pages = seeds.map((seed) => {
    const digest = Buffer.from(hash('sha256', seed), 'hex')
    return Buffer.alloc(width * height, digest)
  })
  const raw = {
    width,
    height: height * seeds.length,
    channels: 1 as const,
    ...(seeds.length > 1 && { pageHeight: height }),
  }
  return sharp(Buffer.concat(pages), { raw }).toColourspace('b-w')
}
