import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { foreignSets, stemOf, truthSuffix, type PageSet } from '../../accuracy/page-set.ts'
import type { Bench } from '../run/setting.ts'

const minPages = 60
/** So old that ingest does not consider the file incomplete. */
const longAgo = new Date('2020-01-01T00:00:00Z')

/** The English pages of the bench's folder; without one, the samples, repeated with different sizes. */
export function choosePages(setting: Bench): PageSet {
  if (setting.pagesFolder !== undefined) return realPages(setting.pagesFolder)
  const samples = join(setting.repository, 'samples')
  const images = listSamples(samples)
  const root = join(setting.workspace, 'samples')
  const paths = Array.from({ length: Math.ceil(minPages / images.length) }, (_, copy) =>
    images.map((image) => {
      const path = join(String(copy), image)
      copyPage(join(samples, image), join(root, path), copy)
      return path
    }),
  ).flat()
  return { root, paths, hasTruth: false }
}

function realPages(folder: string): PageSet {
  const root = realpathSync(folder)
  const sets = readdirSync(root).filter((set) => !foreignSets.has(set))
  const paths = sets.toSorted().flatMap((set) => {
    const names = readdirSync(join(root, set)).toSorted()
    const truths = new Set(names.filter((name) => name.endsWith(truthSuffix)))
    return names
      .filter((name) => !truths.has(name) && truths.has(stemOf(name) + truthSuffix))
      .map((name) => join(set, name))
  })
  return { root, paths, hasTruth: true }
}

export const listSamples = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(png|jpe?g|webp|tiff?)$/.test(path))
    .toSorted()

/**
 * Copies an image with `extra` zero bytes after its end: decoders see the same picture, the pipeline another file.
 * The bytes are a hole, so they take no room on the disk.
 */
export function copyPage(from: string, to: string, extra: number, changed = longAgo): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
  truncateSync(to, statSync(from).size + extra)
  utimesSync(to, longAgo, changed)
}

/** Writes the paths of a set as a list for `ingest @list`. Returns the arguments that read it. */
export function listArguments(setting: Bench, { root, paths }: PageSet): string[] {
  const list = join(setting.workspace, 'pages.list')
  writeFileSync(list, paths.map((path) => `${join(root, path)}\n`).join(''))
  return [`@${list}`, '--base', root]
}
