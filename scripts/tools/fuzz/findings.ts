import { isErrorCode } from '../../../shared/process/errors.ts'

/** Ways in which a file can break a promise. */
export const fuzzFindingKinds = ['died', 'code', 'answer', 'hang', 'memory', 'good page'] as const

export interface FuzzFinding {
  kind: (typeof fuzzFindingKinds)[number]
  about: string
  /** The file that caused it, if any. */
  bytes?: Buffer
}

/** Codes that blame the service, not the file. */
const ours = new Set(['internal', 'internal_failure', 'worker_crash', 'engine_crash', 'poison'])

/** The fault in a file's code; undefined where it is correct. */
export function faultOfCode(code: string): string | undefined {
  if (!isErrorCode(code)) return `'${code}' is no code`
  return ours.has(code) ? `'${code}' says nothing about the file` : undefined
}
