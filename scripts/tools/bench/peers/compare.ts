import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PageSet } from '../../accuracy/page-set.ts'
import type { Bench } from '../run/setting.ts'
import type { PeersOptions } from './arguments.ts'
import type { Models } from './systems/model-folder.ts'
import { readOnce, type Terms } from './reading.ts'
import { orderOf, type Measurement } from './rounds.ts'
import type { System } from './systems/system.ts'

/** An installed system that can read. */
export interface Entrant {
  system: System
  version: string
}

/** The compared systems, and the omitted ones with the reason. */
interface Field {
  entrants: Entrant[]
  absent: string[]
}

/** Finds the installed systems, and has each read one page: a system that cannot is skipped. */
export async function findEntrants(
  bench: Bench,
  systems: readonly System[],
  pages: PageSet,
  terms: Terms,
): Promise<Field> {
  const field: Field = { entrants: [], absent: [] }
  const one = { ...pages, paths: [smallestOf(pages)] }
  for (const system of systems) {
    const presence = system.find(bench)
    if (presence.kind === 'absent') {
      field.absent.push(`${system.name} is not installed: ${presence.cure}`)
      continue
    }
    const { fault } = await readOnce(bench, system, one, { ...terms, keepIn: undefined })
    if (fault === undefined) field.entrants.push({ system, version: presence.version })
    else field.absent.push(`${system.name} does not read: ${fault}`)
  }
  for (const line of field.absent) bench.say(line)
  return field
}

function smallestOf({ root, paths }: PageSet): string {
  const sizes = paths.map((path) => ({ path, size: statSync(join(root, path)).size }))
  return sizes.toSorted((a, b) => a.size - b.size)[0]?.path ?? ''
}

/** Every entrant reads all pages in each round, one after another, in an order of that round. */
export async function runRounds(
  bench: Bench,
  entrants: readonly Entrant[],
  pages: PageSet,
  terms: Terms,
): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  for (const path of pages.paths) readFileSync(join(pages.root, path)) // The first to read would wait for the disk.
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const { system } of orderOf(entrants, round, bench.rounds)) {
      const keepIn = round === bench.rounds ? terms.keepIn : undefined
      const found = await readOnce(bench, system, pages, { ...terms, keepIn })
      measurements.push({ ...found, round })
      const { f1, seconds, failures, fault } = found
      const figures = `F ${f1.toFixed(1)}, ${seconds.toFixed(1)} s, ${failures} without a text`
      bench.say(
        `round ${round}: ${system.name}: ${figures}${fault === undefined ? '' : `; ${fault}`}`,
      )
    }
  }
  return measurements
}

/** Common conditions of all systems, by the options. */
export function termsOf(
  bench: Bench,
  { cores, languages, texts }: PeersOptions,
  models: Models,
): { bench: Bench; terms: Terms } {
  const temporary = join(bench.workspace, 'tmp')
  mkdirSync(temporary, { recursive: true })
  const environment = {
    ...bench.environment,
    TMPDIR: temporary, // An interrupted reading leaves its files there.
    TESSDATA_PREFIX: models.folder,
    OMP_THREAD_LIMIT: '1', // Tesseract's own threads block each other: 4 times slower with two processes.
    LC_ALL: 'C.UTF-8',
  }
  const terms = { cores, languages, tessdata: models.folder, keepIn: texts }
  return { bench: { ...bench, environment }, terms }
}
