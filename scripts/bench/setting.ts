import type { Readings } from './readings.ts'

/** What every part of every bench is given: where things lie, and how to start processes. */
export interface Bench {
  /** The Node executable that runs the bench and everything it starts. */
  node: string
  /** The checkout. */
  repository: string
  /** Environment of every process that is started. */
  environment: NodeJS.ProcessEnv
  /** A folder of our own, removed at the end. */
  workspace: string
  rounds: number
  /** Real pages, or undefined where there are none. */
  pagesFolder: string | undefined
  /** Tells how far the part is. */
  say: (line: string) => void
  /** Aborted by Ctrl-C. */
  stopping: AbortSignal
}

/** What the parts of `npm run bench` are given: how much to do. */
export interface Setting extends Bench {
  documents: number
  files: number
  pagesRead: number
  /** What parts have read for each other. */
  readings: Readings
}

/** A number that one part found: one value from each round, and what it is measured against. */
export interface Figure {
  name: string
  values: number[]
  unit: string
  target?: { least: number } | { most: number }
  note?: string
}

/** What a part came to. */
export type Finding =
  | {
      kind: 'measured'
      figures: Figure[]
      remarks?: string[]
      /** Only for `--json`. */
      details?: object
    }
  | { kind: 'skipped'; reason: string }

/** One part of a bench, chosen by name. */
export interface Part<S extends Bench = Setting> {
  name: string
  about: string
  run: (setting: S) => Promise<Finding>
}
