import type { PageSet } from '../../accuracy/page-set.ts'

/** The common setting of all parts of all benches: locations, and how to start processes. */
export interface Bench {
  /** The Node executable that runs the bench and everything it starts. */
  node: string
  /** The checkout. */
  repository: string
  /** Environment of every started process. */
  environment: NodeJS.ProcessEnv
  /** A private folder, removed at the end. */
  workspace: string
  rounds: number
  /** Real pages, or undefined where there are none. */
  pagesFolder: string | undefined
  /** Reports the part's progress. */
  say: (line: string) => void
  /** Aborted by Ctrl-C. */
  stopping: AbortSignal
}

/** The same pages read twice: `texts` holds the bare engine's texts, `out` those of ingest, both as `<path>.txt`. */
export interface ReadingPair {
  pages: PageSet
  texts: string
  out: string
}

/** Readings that parts share. */
export interface Readings {
  keep(reading: ReadingPair): void
  /** The latest kept reading, or a new one. */
  take(setting: BenchSetting): Promise<ReadingPair>
}

/** The setting of the parts of `npm run bench`: the amount of work. */
export interface BenchSetting extends Bench {
  documents: number
  files: number
  pagesRead: number
  /** Readings that parts share. */
  readings: Readings
}

/** A measured figure: one value per round, and its target. */
export interface Figure {
  name: string
  values: number[]
  unit: string
  target?: { min: number } | { max: number }
  note?: string
}

/** The result of a part. */
export type PartFinding =
  | {
      kind: 'measured'
      figures: Figure[]
      remarks?: string[]
      /** Only for `--json`. */
      details?: object
    }
  | { kind: 'skipped'; reason: string }

/** One part of a bench, chosen by name. */
export interface Part<S extends Bench = BenchSetting> {
  name: string
  about: string
  run: (setting: S) => Promise<PartFinding>
}
