import type { Preset } from '../../../../shared/contract/recipe.ts'
import type { Format } from '../../../../shared/contract/result/formats.ts'

/** A run as the form holds it. Lists of patterns are separated by spaces. */
export interface RunWish {
  root: string
  path: string
  include: string
  exclude: string
  tag: string
  preset: Preset
  /** None leaves them to the service. */
  languages: readonly string[]
  formats: readonly Format[]
  retryFailed: boolean
  retryWarned: boolean
}

/** Formats that a run can write, in their order. The compiler finds a missing one. */
const known: Readonly<Record<Format, true>> = {
  txt: true,
  json: true,
  hocr: true,
  alto: true,
  page: true,
  tsv: true,
  md: true,
  html: true,
  csv: true,
  chunks: true,
  pdf: true,
}
const isFormat = (text: string): text is Format => Object.hasOwn(known, text)
export const formatNames: readonly Format[] = Object.keys(known).filter(isFormat)

const listOf = (text: string): string[] => text.split(/\s+/).filter((part) => part !== '')

/** The request of a run; with `canary` it reads that many files and then waits. */
export function bodyOf(wish: RunWish, canary: number): object {
  const { root, path, tag, preset, languages, formats, retryFailed, retryWarned } = wish
  const include = listOf(wish.include)
  const exclude = listOf(wish.exclude)
  return {
    root,
    recipe: { preset, ...(languages.length > 0 && { languages }) },
    retryFailed,
    retryWarned,
    ...(formats.length > 0 && { formats }),
    ...(path.trim() !== '' && { path: path.trim() }),
    ...(include.length > 0 && { include }),
    ...(exclude.length > 0 && { exclude }),
    ...(tag.trim() !== '' && { tag: tag.trim() }),
    ...(canary > 0 && { canary, pauseAfterCanary: true }),
  }
}
