import { join } from 'node:path'
import type { Corpus } from '../corpus/reference.ts'
import type { History } from '../history/history.ts'
import type { Random } from '../../common/random.ts'
import type { World } from '../world/world.ts'
import { outOfApiRun, startApiRun } from './api-run.ts'
import { makeFolder, type Folder } from '../corpus/folder.ts'
import { startIngestRun } from './ingest-run.ts'
import { countDrafts, startUploads } from './uploads.ts'

interface Deps {
  world: World
  corpus: Corpus
  random: Random
  history: History
  /** Distinguishes folders of different rounds. */
  round: number
  files: number
}

/** Longer than an ingest takes to drain. */
const stopMs = 45_000

/** All clients of the service during a round: uploads, an API run, an ingest that joins, and one by itself. */
export function startClients({ world, corpus, random, history, round, files }: Deps) {
  const { samples } = corpus
  const make = (kind: string, out: (name: string) => string, share = 1): Folder => {
    const name = `${kind}-${round}`
    return makeFolder({
      name,
      input: join(world.folders.input, name),
      out: out(name),
      files: Math.ceil(files * share),
      samples,
      random: random.fork(kind),
    })
  }
  const besideOut = (name: string): string => join(world.folders.out, name)
  const folders = {
    api: make('api', (name) => outOfApiRun(world, name)),
    joined: make('joined', besideOut),
    // It has only one worker, and must start first.
    own: make('own', besideOut, 0.4),
  }
  const draftsBefore = countDrafts(world.folders.data)
  const over = new AbortController()
  const isOld = world.setting.old !== undefined
  const uploads = startUploads({
    address: world.address,
    samples,
    random,
    history,
    isOld,
    over: over.signal,
  })
  const runs = [
    startApiRun(world, folders.api, history, over.signal),
    startIngestRun(world, folders.joined, 'ingest', history, over.signal),
    startIngestRun(world, folders.own, 'own ingest', history, over.signal),
  ]
  const isDone = (): boolean => uploads.open() === 0 && runs.every((run) => run.isDone())
  return {
    uploads,
    runs,
    draftsBefore,
    isDone,
    /** Changes while clients make progress. */
    progress: (): string =>
      [uploads.acknowledged.length, uploads.open(), ...runs.map((run) => run.steps())].join(' '),
    /** No more faults follow: uploads stop, and each run continues to its end. */
    finish(): void {
      for (const run of runs) run.healed()
      void uploads.stop()
    },
    /** Abandons unfinished clients. */
    async stop(): Promise<void> {
      over.abort()
      await Promise.all(runs.map(async (run) => run.process()?.stop(stopMs)))
    },
    /** Clients that have not finished. */
    unfinished: (): string[] => [
      ...runs.filter((run) => !run.isDone()).map(({ kind, folder }) => `${kind} ${folder.name}`),
      ...(uploads.open() > 0 ? [`${uploads.open()} uploads`] : []),
    ],
  }
}

export type Clients = ReturnType<typeof startClients>
