import type { Bench } from '../../run/setting.ts'

/** A system's input and settings. All systems read the same pages with the same settings. */
export interface PeerOrder {
  /** Folder of the pages, and the pages below it. */
  root: string
  paths: readonly string[]
  /** Pairs that end in NUL: each page, and `<out>/<path>`, whose folders exist. */
  list: string
  /** The same pages, one per line. */
  lines: string
  /** The text of each page goes to `<out>/<path>.txt`. */
  out: string
  /** Processes or threads that read at the same time. */
  cores: number
  /** Codes with + between them. */
  languages: string
  /** The folder of the models. */
  tessdata: string
  /** A folder for any other files, deleted with the bench. */
  scratch: string
}

/** A program with its arguments. */
export interface PeerCommand {
  program: string
  arguments: readonly string[]
  /** In addition to the setting's. */
  environment?: NodeJS.ProcessEnv
  /** A file that becomes its standard input. */
  input?: string
}

/** Whether a system is installed: its versions, or how to install it. */
export type Presence = { kind: 'installed'; version: string } | { kind: 'absent'; cure: string }

/** The style of a system in the chart: a line connects presets of one engine. */
export type Family = 'tesseract.js' | 'native' | 'peer'

/** One compared system. */
export interface System {
  name: string
  /** Label of its point in the chart, where colour and legend give the family. */
  label: string
  family: Family
  /** Exit codes after processing all pages, some of which may have failed. */
  exitCodes: readonly number[]
  find: (bench: Bench) => Presence
  commandFor: (order: PeerOrder, bench: Bench) => PeerCommand
  /** Seconds according to the run's own report, if it writes one. */
  reportedSeconds?: (order: PeerOrder) => number | undefined
}

/** Page segmentation mode of every system: Tesseract's default. */
export const psm = 3
