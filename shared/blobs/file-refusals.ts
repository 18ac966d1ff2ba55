import type { ErrorCode } from '../process/errors.ts'

/** Refusals of the API that are the file's fault: a worker with the disk would find the same. */
export const fileRefusals = [
  'not_found',
  'permission_denied',
  'path_outside_root',
  'not_a_file',
  'empty_file',
  'too_large',
  'unstable',
] as const satisfies ErrorCode[]
