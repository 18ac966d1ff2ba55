import type { Readings } from './readings.ts'

/** What every part is given: where things lie, how much to do, and how to start processes. */
export interface Setting {
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
  documents: number
  files: number
  pagesRead: number
  /** What parts have read for each other. */
  readings: Readings
  /** Tells how far the part is. */
  say: (line: string) => void
  /** Aborted by Ctrl-C. */
  stopping: AbortSignal
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
  | { kind: 'measured'; figures: Figure[]; remarks?: string[] }
  | { kind: 'skipped'; reason: string }

/** One part of the bench, chosen by name. */
export interface Part {
  name: string
  about: string
  run: (setting: Setting) => Promise<Finding>
}
