import { sep } from 'node:path'

/** True if `path` is `folder` or below it; both absolute, without links to resolve. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
