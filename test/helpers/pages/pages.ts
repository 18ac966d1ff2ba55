import { hash } from 'node:crypto'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { prepareImage } from './prepared.ts'

const width = 48
const height = 32
/** Files younger than two seconds are checked twice, which takes a second: these are an hour old. */
const ageSeconds = 3_600

/** Grey pixels that differ from seed to seed. */
function pixelsOf(seed: string): Buffer {
  const digest = Buffer.from(hash('sha256', seed), 'hex')
  return Buffer.from(
    Array.from({ length: width * height }, (_, index) => digest[index % digest.length] ?? 0),
  )
}

/** The answer of the engine in fixtures/engines/faults.ts for the prepared page of this seed. */
export async function textOf(seed: string): Promise<string> {
  const { pgm } = await prepareImage(await pngOf(seed), seed)
  return hash('sha256', pgm).slice(0, 20)
}

const imageOf = (seed: string) =>
  sharp(pixelsOf(seed), { raw: { width, height, channels: 1 } }).toColourspace('b-w')

export const pngOf = (seed: string): Promise<Buffer> => imageOf(seed).png().toBuffer()

/** A TIFF with one page for each seed. */
export function tiffOf(seeds: readonly string[]): Promise<Buffer> {
  const pages = Buffer.concat(seeds.map(pixelsOf))
  const raw = { width, height: height * seeds.length, channels: 1, pageHeight: height } as const
  return sharp(pages, { raw }).toColourspace('b-w').tiff({ compression: 'deflate' }).toBuffer()
}

/** Writes a file that has not been touched for a while. */
export function writeOld(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  const then = Date.now() / 1_000 - ageSeconds
  utimesSync(file, then, then)
}

/** Writes a page for each path, all different. Returns the right text of each path. */
export async function writePages(
  folder: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  await Promise.all(paths.map(async (path) => writeOld(join(folder, path), await pngOf(path))))
  return new Map(await Promise.all(paths.map(async (path) => [path, await textOf(path)] as const)))
}

/** `name-000.png`, `name-001.png`, … in folders of ten. */
export const manyPaths = (count: number, name = 'page'): string[] =>
  Array.from(
    { length: count },
    (_, index) => `${Math.floor(index / 10)}/${name}-${String(index).padStart(3, '0')}.png`,
  )
