import { extname } from 'node:path'

/** Image files below one folder. */
export interface PageSet {
  /** Absolute, without symbolic links. */
  root: string
  paths: string[]
  /** `<stem>.gt.txt` is beside each. */
  hasTruth: boolean
}

/** Sets of other languages; all others are English. */
export const foreignSets = new Set([
  'cis-deu-goethe',
  'ocrd-deu-fraktur',
  'nzz-deu-newspaper',
  'nubis-fra-lat',
  'dyslexia-fra-photos',
  'fondue-spa',
  'kannada',
  'cis-grc-zonaras',
])

export const truthSuffix = '.gt.txt'

export const stemOf = (path: string): string => path.slice(0, path.length - extname(path).length)
