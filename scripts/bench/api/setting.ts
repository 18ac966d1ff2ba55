import type { Bench, Part } from '../setting.ts'

/** How much the parts of `npm run bench:api` are to do. */
export interface Amounts {
  /** Uploads of 1 MB of a round of the part uploads, in each of its two ways. */
  megabytes: number
  /** Small uploads of the part memory. */
  uploads: number
  largeMb: number
  /** Files of the bulk run that goes on beside. */
  bulk: number
  /** Interactive uploads of the part interactive. */
  tries: number
  streams: number
}

export interface ApiSetting extends Bench, Amounts {}
export type ApiPart = Part<ApiSetting>

/** The fleet that everything is measured with. */
export const workers = 2
