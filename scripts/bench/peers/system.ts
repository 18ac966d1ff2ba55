import type { Bench } from '../setting.ts'

/** What a system is to read, and with what. All read the same, with the same. */
export interface Order {
  /** Folder of the pages, and the pages below it. */
  root: string
  paths: readonly string[]
  /** Pairs that end in NUL: each page, and `<out>/<path>`, whose folders are there. */
  list: string
  /** The pages again, a line each. */
  lines: string
  /** The text of each page goes to `<out>/<path>.txt`. */
  out: string
  /** Processes or threads that read at the same time. */
  cores: number
  /** Codes with + between them. */
  languages: string
  /** The folder of the models. */
  tessdata: string
  /** A folder for anything else, which goes with the bench. */
  scratch: string
}

/** A program with its arguments, as it is to be run. */
export interface Command {
  program: string
  arguments: readonly string[]
  /** On top of the setting's. */
  environment?: NodeJS.ProcessEnv
  /** A file that becomes its standard input. */
  input?: string
}

/** Whether a system can be used here: its versions, or how to get it. */
export type Presence = { kind: 'installed'; version: string } | { kind: 'absent'; cure: string }

/** What draws a system: presets of one engine are joined by a line. */
export type Family = 'tesseract.js' | 'native' | 'peer'

/** One thing that is compared. */
export interface System {
  name: string
  /** At its point in the chart, where colour and legend tell the family. */
  label: string
  family: Family
  /** Exit codes with which it has gone through all pages, some of which may have failed. */
  exitCodes: readonly number[]
  find: (bench: Bench) => Presence
  commandFor: (order: Order, bench: Bench) => Command
  /** Seconds that the run's own report has, where it writes one. */
  reportedSeconds?: (order: Order) => number | undefined
}

/** Page segmentation mode of every system: Tesseract's default. */
export const psm = 3
