import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { assertNoneLeft, cleanEnvironment, repository, startProgram } from './processes.ts'
import type { Ended, Program } from './processes.ts'

type Release = () => unknown

/** The setting of one test: an input folder, an output folder, and all processes that are started there. */
export interface Scene {
  /** Holds everything else. Its name is in the command line of every process of this test, which finds them. */
  folder: string
  input: string
  out: string
  environment: NodeJS.ProcessEnv
  /** Starts `ingest`; `--out` is given where `arguments_` name none. */
  start: (arguments_: readonly string[], environment?: NodeJS.ProcessEnv, stdin?: string) => Program
  /** Runs `ingest` to its end. */
  run: (
    arguments_: readonly string[],
    environment?: NodeJS.ProcessEnv,
    stdin?: string,
  ) => Promise<Ended>
  /** Number of times that the engine began to read each page, by its label `path#page`. */
  readings: () => Map<string, number>
  /** The process that began each reading, in order. */
  readers: () => { label: string; pid: number }[]
  /** Runs `release` at the end, last first, before the check for remaining processes. */
  defer: (release: Release) => void
}

/** Sets a scene whose engine is fixtures/engines/faults.ts. A process left at its end fails the test. */
export function createScene(t: TestContext): Scene {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scene-')))
  const input = join(folder, 'in')
  const out = join(folder, 'out')
  mkdirSync(input)
  const environment: NodeJS.ProcessEnv = {
    ...cleanEnvironment(folder),
    SCRIPTORIUM_ENGINE: join(repository, 'test/fixtures/engines/faults.ts'),
    SCRIPTORIUM_LOCK_MS: '2000',
    SCRIPTORIUM_STALL_CHECK_MS: '500',
    SCRIPTORIUM_RECONCILE_MS: '500',
    FAULT_FOLDER: folder,
  }
  const releases: Release[] = []
  t.after(async () => {
    for (const release of releases.toReversed()) await release()
    await assertNoneLeft(folder)
    rmSync(folder, { recursive: true, force: true })
  })

  const start: Scene['start'] = (arguments_, more = {}, stdin = '') => {
    const hasOut = arguments_.some((argument) => /^(-o|--out)/.test(argument))
    const all = hasOut ? arguments_ : [...arguments_, '--out', out]
    return startProgram('scripts/scriptorium.js', ['ingest', ...all], {
      environment: { ...environment, ...more },
      stdin,
    })
  }
  const readers: Scene['readers'] = () => {
    const file = join(folder, 'readings.ndjson')
    if (!existsSync(file)) return []
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as { label: string; pid: number })
  }
  return {
    folder,
    input,
    out,
    environment,
    start,
    readers,
    run: (...given) => start(...given).ended,
    readings() {
      const counts = new Map<string, number>()
      for (const { label } of readers()) counts.set(label, (counts.get(label) ?? 0) + 1)
      return counts
    },
    defer: (release) => void releases.push(release),
  }
}
