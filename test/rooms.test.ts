import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { test } from 'node:test'
import { repository } from './helpers/processes/processes.ts'

/** Each room imports only from itself and from rooms of earlier lines. */
const floors: readonly (readonly string[])[] = [
  ['shared/process'],
  ['shared/contract'],
  // A page in a browser: of shared/contract it takes types only.
  ['services/dashboard'],
  ['shared/files'],
  [
    'shared/blobs',
    'shared/confined',
    'shared/engine',
    'shared/fonts',
    'shared/glob',
    'shared/hands',
    'shared/raster',
    'shared/redis',
    'shared/tracing',
  ],
  ['services/ledger', 'services/outbound', 'workers/fleet', 'workers/ocr'],
  ['services/outputs'],
  ['services/aggregator', 'services/api'],
  ['services/embedded'],
  ['services/cli'],
  ['scripts'],
]
const maxEntries = 16

const exported =
  /^export (?:default )?(?:async )?(?:abstract )?(?:function\*?|const|class|interface|type) (\w+)/gm

const files = globSync('{services,workers,shared,scripts}/**/*.{ts,tsx}', { cwd: repository })
const known = new Set(files)
const importsOf = new Map(files.map((file) => [file, findImports(file)]))

/** Of types, too. */
function findImports(file: string): string[] {
  const text = readFileSync(join(repository, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map(([, specifier = '']) => normalize(join(dirname(file), specifier)))
    .filter((imported) => known.has(imported))
}

const floorOf = (file: string): number =>
  floors.findIndex((rooms) => rooms.some((room) => file.startsWith(room + sep)))
const roomOf = (file: string): string | undefined =>
  floors[floorOf(file)]?.find((room) => file.startsWith(room + sep))

test('every source file has a room', () => {
  assert.ok(files.length > 500, `${files.length} files are found`)
  assert.deepEqual(
    files.filter((file) => floorOf(file) < 0),
    [],
  )
})

test('a room imports only from rooms below it', () => {
  const wrong = files.flatMap((file) =>
    (importsOf.get(file) ?? [])
      .filter((imported) => roomOf(imported) !== roomOf(file) && floorOf(imported) >= floorOf(file))
      .map((imported) => `${file} -> ${imported}`),
  )
  assert.deepEqual(wrong, [])
})

test('the dashboard imports only types, and only of shared/contract', () => {
  const wrong = files
    .filter((file) => roomOf(file) === 'services/dashboard')
    .flatMap((file) =>
      [
        ...readFileSync(join(repository, file), 'utf8').matchAll(
          /^import (type )?.* from '(\..*)'/gm,
        ),
      ]
        .map(([, type, specifier = '']) => ({
          type,
          to: normalize(join(dirname(file), specifier)),
        }))
        .filter(({ to }) => !to.startsWith('services/dashboard/'))
        .filter(({ type, to }) => type === undefined || !to.startsWith('shared/contract/'))
        .map(({ to }) => `${file} -> ${to}`),
    )
  assert.deepEqual(wrong, [])
})

/** Returns the circles of a graph, each once, as `a -> b -> a`. */
function findCircles(
  nodes: Iterable<string>,
  nextOf: (node: string) => Iterable<string>,
): string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (node: string, way: readonly string[]): void => {
    if (way.includes(node)) {
      circles.push([...way.slice(way.indexOf(node)), node].join(' -> '))
      return
    }
    if (done.has(node)) return
    for (const next of nextOf(node)) visit(next, [...way, node])
    done.add(node)
  }
  for (const node of nodes) visit(node, [])
  return circles
}

test('files do not import each other in a circle', () => {
  assert.deepEqual(
    findCircles(files, (file) => importsOf.get(file) ?? []),
    [],
  )
})

/** The entry of `folder` that contains a file. */
const entryIn = (folder: string, file: string): string | undefined =>
  file.startsWith(folder + sep) ? file.slice(folder.length + 1).split(sep)[0] : undefined

test('entries of a folder do not import each other in a circle', () => {
  const folders = [...new Set(files.flatMap((file) => foldersOf(file)))]
  const circles = folders.flatMap((folder) => {
    const imports = new Map<string, Set<string>>()
    for (const [file, imported] of importsOf) {
      const from = entryIn(folder, file)
      if (from === undefined) continue
      const to = imported.flatMap((other) => entryIn(folder, other) ?? [])
      const all = imports.get(from) ?? new Set()
      for (const entry of to) if (entry !== from) all.add(entry)
      imports.set(from, all)
    }
    return findCircles(imports.keys(), (entry) => imports.get(entry) ?? []).map(
      (circle) => `${folder}: ${circle}`,
    )
  })
  assert.deepEqual(circles, [])
})

/** The parent folders of a file, the nearest first. */
function foldersOf(file: string): string[] {
  const folders = []
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) folders.push(folder)
  return folders
}

test(`no folder has more than ${maxEntries} entries`, () => {
  const entries = new Map<string, Set<string>>()
  for (const file of [...files, ...globSync('test/!(fixtures)/**/*.ts', { cwd: repository })]) {
    for (let entry = file; dirname(entry) !== '.'; entry = dirname(entry)) {
      const folder = dirname(entry)
      entries.set(folder, (entries.get(folder) ?? new Set()).add(relative(folder, entry)))
    }
  }
  const full = [...entries].filter(([, { size }]) => size > maxEntries)
  assert.deepEqual(
    full.map(([folder, { size }]) => `${folder}: ${size}`),
    [],
  )
})

test('no two product files export the same name', () => {
  const filesOf = new Map<string, Set<string>>()
  for (const file of files.filter((each) => !each.startsWith(`scripts${sep}`))) {
    const text = readFileSync(join(repository, file), 'utf8')
    for (const [, name = ''] of text.matchAll(exported)) {
      filesOf.set(name, (filesOf.get(name) ?? new Set()).add(file))
    }
  }
  assert.ok(filesOf.size > 1_000, `${filesOf.size} names are found`)
  const twice = [...filesOf].filter(([, { size }]) => size > 1)
  assert.deepEqual(
    twice.map(([name, among]) => `${name}: ${[...among].join(', ')}`),
    [],
  )
})
