import { join, resolve } from 'node:path'
import type { ApiConfig } from '../../../shared/process/config.ts'

/** The output folder of a folder run: one for each root and path, so that a second run of it resumes. */
export function findOutput(config: ApiConfig, rootName: string, path: string): string {
  const base = config.SCRIPTORIUM_OUTPUT ?? join(config.SCRIPTORIUM_DATA, 'output')
  return join(resolve(base), rootName, path)
}
