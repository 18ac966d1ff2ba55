import { tags } from '../../../../../shared/raster/tiff/tiff-tags.ts'
import type { Random } from '../../../common/random.ts'
import type { HostileFile } from '../hostile-file.ts'
import { createTiffWriter, field, greyPage, type TiffField, type TiffForm } from './tiff-writer.ts'

const side = 16
const paper = Buffer.alloc(side * side, 255)

/**
 * Directories one entry apart, each with the maximum number of entries: they share the same bytes. With `hasPage` the
 * first is a page.
 */
export function overlappingDirectories(
  form: TiffForm,
  { directories, entries, hasPage }: { directories: number; entries: number; hasPage: boolean },
): Buffer {
  const writer = createTiffWriter(form)
  const { number } = writer
  const [countBytes, offsetBytes, entryBytes] = form.isBig ? [8, 8, 20] : [2, 4, 12]
  const strip = writer.add(paper)
  const start = writer.length()
  const room = Buffer.alloc(entryBytes * (directories + entries) + 64, 0xff)
  // The link of one directory is `entries` further on, in the middle of an entry of others.
  for (let index = 0; index < directories; index += 1) {
    const at = entryBytes * index
    number(entries, countBytes).copy(room, at)
    const link = at + countBytes + entryBytes * entries
    const next = index + 1 < directories ? start + at + entryBytes : 0
    number(next, offsetBytes).copy(room, link)
  }
  writer.add(room)
  if (!hasPage) return writer.finish(start)
  return writer.finish(writer.directory(greyPage(side, side, strip), start))
}

/** Sound pages in a circular chain. */
export function circle(form: TiffForm, pages: number): Buffer {
  const writer = createTiffWriter(form)
  const strip = writer.add(paper)
  const [countBytes, offsetBytes, entryBytes] = form.isBig ? [8, 8, 20] : [2, 4, 12]
  const size = countBytes + 9 * entryBytes + offsetBytes
  const first = writer.length()
  for (let page = 0; page < pages; page += 1) {
    writer.directory(greyPage(side, side, strip), first + size * ((page + 1) % pages))
  }
  return writer.finish(first)
}

/** Consecutive pages, each with unknown fields. */
export function chain(form: TiffForm, pages: number, unknownFields = 0): Buffer {
  const writer = createTiffWriter(form)
  const strip = writer.add(paper)
  const unknown = Array.from({ length: unknownFields }, (_, index): TiffField => ({
    tag: 40_000 + index,
    type: 4,
    values: [index],
  }))
  let next = 0
  for (let page = 0; page < pages; page += 1) {
    next = writer.directory([...greyPage(side, side, strip), ...unknown], next)
  }
  return writer.finish(next)
}

/** A page with some fields changed, and a second one, so that no decoder gets the file unchanged. */
export function pageWith(form: TiffForm, changed: readonly TiffField[]): Buffer {
  const writer = createTiffWriter(form)
  const strip = writer.add(paper)
  const second = writer.directory(greyPage(side, side, strip), 0)
  const others = greyPage(side, side, strip).filter(
    ({ tag }) => !changed.some((other) => other.tag === tag),
  )
  return writer.finish(writer.directory([...others, ...changed], second))
}

export function makeTiffBombs(random: Random): HostileFile[] {
  const form = { isBig: random.chance(0.3), isLittle: random.chance(0.5) }
  const directories = random.integer(2, 2_001)
  const entries = random.integer(2, 4_096)
  const huge = random.pick([65_535, 1_000_000, 0x7f_ff_ff_ff, 0xff_ff_ff_ff])
  const counted = (tag: number): TiffField => ({ tag, type: 4, values: [8], count: huge, at: 8 })
  const bombs: Record<string, () => Buffer> = {
    'overlapping-directories': () =>
      overlappingDirectories(form, { directories, entries, hasPage: random.chance(0.5) }),
    circle: () => circle(form, random.integer(1, 50)),
    chain: () => chain(form, random.integer(2_000, 2_100)),
    'unknown-fields': () => chain(form, random.integer(1, 3), random.integer(1_000, 4_000)),
    'many-strips': () =>
      pageWith(form, [counted(tags.stripOffsets), counted(tags.stripByteCounts)]),
    'vast-page': () =>
      pageWith(form, [field(tags.width, huge), field(tags.height, random.integer(1, huge))]),
    'vast-tiles': () =>
      pageWith(form, [
        field(tags.tileWidth, huge),
        field(tags.tileHeight, huge),
        field(tags.tileOffsets, 8),
        field(tags.tileByteCounts, 256),
      ]),
    'many-samples': () => pageWith(form, [field(tags.samplesPerPixel, random.integer(5, 65_535))]),
    'sub-directories': () => pageWith(form, [counted(tags.subDirectories)]),
  }
  return Object.entries(bombs).map(([name, make]) => ({
    name: `${name}.tif`,
    kind: `tiff ${name}`,
    bytes: make(),
  }))
}
