import type { RunRow } from '../../live/views.ts'

/** A run in words: the folder that it reads, or that it is an upload. */
export function nameRun({ source, root, path, tag }: RunRow): string {
  const label = tag === null ? '' : ` · ${tag}`
  if (source === 'upload') return `Upload${label}`
  const place = [root, path].filter((part) => part !== null && part !== '').join('/')
  return `${place === '' ? 'Folder' : place}${label}`
}
