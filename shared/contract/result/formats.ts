export const formats = [
  'txt',
  'json',
  'hocr',
  'alto',
  'page',
  'tsv',
  'md',
  'html',
  'csv',
  'chunks',
  'pdf',
] as const
export type Format = (typeof formats)[number]
/** Formats that are written by default. */
export const defaultFormats: readonly Format[] = ['txt', 'json']
