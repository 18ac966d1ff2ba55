import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { uniqueBytes, writeOld, type Sample } from './corpus.ts'
import type { Random } from '../../common/random.ts'

/** The correct result of one file. */
interface Expected {
  /** Its text; also a second one where the file was changed while it was read. */
  texts: string[]
  /** It was deleted or changed: ending without text is correct, too. */
  mayFail: boolean
}

/** An input folder, and the correct text of each of its files by path. */
export interface Folder {
  name: string
  input: string
  out: string
  expected: Map<string, Expected>
}

interface Options {
  name: string
  input: string
  out: string
  files: number
  samples: readonly Sample[]
  random: Random
}

const filesInFolder = 100
/** Share of files with the bytes of another file. */
const copies = 0.02

/** Writes a folder of new files, with some copies among them. */
export function makeFolder({ name, input, out, files, samples, random }: Options): Folder {
  const expected = new Map<string, Expected>()
  let last: { bytes: Buffer; sample: Sample } | undefined
  for (let index = 0; index < files; index += 1) {
    const sample = samples[random.integer(0, samples.length - 1)]
    if (sample === undefined) throw new Error('there are no samples')
    const isCopy = last !== undefined && random.chance(copies)
    const file: { bytes: Buffer; sample: Sample } =
      isCopy && last ? last : { bytes: uniqueBytes(sample, `${name}-${index}`), sample }
    const group = String(Math.floor(index / filesInFolder))
    const path = join(group, `${String(index).padStart(5, '0')}-${file.sample.name}`)
    writeOld(join(input, path), file.bytes)
    expected.set(path, { texts: [file.sample.text], mayFail: false })
    last = file
  }
  return { name, input, out, expected }
}

/** Deletes files that a run may be reading. */
export function deleteFiles({ input, expected }: Folder, paths: readonly string[]): void {
  for (const path of paths) {
    const before = expected.get(path)
    if (before === undefined) continue
    expected.set(path, { ...before, mayFail: true })
    rmSync(join(input, path), { force: true })
  }
}

/** Changes files that a run may be reading. */
export function changeFiles(
  { name, input, expected }: Folder,
  paths: readonly string[],
  sample: Sample,
): void {
  for (const path of paths) {
    const before = expected.get(path)
    if (before === undefined) continue
    expected.set(path, { texts: [...before.texts, sample.text], mayFail: true })
    writeOld(join(input, path), uniqueBytes(sample, `${name}-${path}-changed`))
  }
}
