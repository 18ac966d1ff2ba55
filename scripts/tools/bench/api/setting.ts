import type { Bench, Part } from '../run/setting.ts'

/** Amount of work of the parts of `npm run bench:api`. */
export interface Amounts {
  /** Uploads of 1 MB per round of the part uploads, in each of its two ways. */
  megabytes: number
  /** Small uploads of the part memory. */
  uploads: number
  largeMb: number
  /** Files of the concurrent bulk run. */
  bulk: number
  /** Interactive uploads of the part interactive. */
  tries: number
  streams: number
  /** Documents of the part dashboard, and the failures among them. */
  documents: number
  failures: number
  /** Folder of its ledger, which is kept; removed with the bench if missing. */
  ledger?: string
}

export interface ApiSetting extends Bench, Amounts {}
export type ApiPart = Part<ApiSetting>

/** Size of the fleet in all measurements. */
export const apiWorkers = 2
