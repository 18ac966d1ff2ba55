/** Treatment of an error code at each edge; the edges only read these values. */
interface Policy {
  readonly retryable: boolean
  readonly httpStatus: number
  readonly exitCode: number
}

/** Exit codes of the command line. */
export const exitCodes = {
  done: 0,
  badArguments: 1,
  someFailed: 2,
  redisUnreachable: 3,
  allFailed: 4,
  inputUnreadable: 5,
  configuration: 9,
  other: 15,
  /** EX_TEMPFAIL of sysexits.h: fix the cause, then the same command continues. */
  paused: 75,
  interrupted: 130,
} as const

const policy = (httpStatus: number, exitCode: number, retryable = false): Policy => ({
  retryable,
  httpStatus,
  exitCode,
})

/** The closed list of codes. Those of single documents never end a command, so their exit code is `other`. */
const policies = {
  // The document itself: another attempt gives the same result.
  empty_file: policy(422, 15),
  unsupported_type: policy(415, 15),
  unsupported_encoding: policy(415, 15),
  corrupt_image: policy(422, 15),
  corrupt_pdf: policy(422, 15),
  no_pages: policy(422, 15),
  page_out_of_range: policy(422, 15),
  password_required: policy(422, 15),
  password_wrong: policy(422, 15),
  corrupt_upload: policy(422, 15),
  too_large: policy(422, 15),
  too_many_pixels: policy(422, 15),
  too_many_pages: policy(422, 15),
  too_much_memory: policy(422, 15),
  not_a_file: policy(422, 15),
  path_not_utf8: policy(422, 15),
  path_outside_root: policy(403, 15),
  not_found: policy(404, 15),
  permission_denied: policy(403, 15),
  output_conflict: policy(409, 15),
  output_exists: policy(409, 9),
  // Reading it: another attempt may succeed.
  unstable: policy(409, 15, true),
  /** The API cannot be reached, or does not accept the token of a job: the job waits, and no document ends with these. */
  blob_unavailable: policy(503, 3, true),
  blob_refused: policy(401, 15, true),
  page_timeout: policy(422, 15, true),
  decode_timeout: policy(422, 15, true),
  decoder_failed: policy(500, 15, true),
  engine_failed: policy(500, 15, true),
  engine_crash: policy(500, 15, true),
  engine_boot_failed: policy(503, 15, true),
  worker_crash: policy(500, 15),
  /** Set aside: a process died over it several times. */
  poison: policy(422, 15),
  recipe_mismatch: policy(503, 9, true),
  cancelled: policy(409, 15),
  // An API request.
  malformed_request: policy(400, 15),
  invalid_request: policy(422, 15),
  unauthenticated: policy(401, 15),
  forbidden: policy(403, 15),
  unknown_route: policy(404, 15),
  unknown_document: policy(404, 15),
  unknown_run: policy(404, 15),
  unknown_page: policy(404, 15),
  unknown_webhook: policy(404, 15),
  unknown_root: policy(422, 15),
  unsupported_media_type: policy(415, 15),
  method_not_allowed: policy(405, 15),
  not_acceptable: policy(406, 15),
  upload_too_slow: policy(408, 15, true),
  not_finished: policy(409, 15, true),
  already_finished: policy(409, 15),
  /** Somebody else corrected the page meanwhile. */
  revision_conflict: policy(409, 15),
  run_active: policy(409, 15, true),
  idempotency_conflict: policy(409, 15),
  expired: policy(410, 15),
  upload_too_large: policy(413, 15),
  url_refused: policy(422, 15),
  url_failed: policy(422, 15, true),
  too_many_webhooks: policy(429, 15, true),
  queue_full: policy(429, 15, true),
  rate_limited: policy(429, 15, true),
  too_many_open: policy(429, 15, true),
  service_busy: policy(503, 15, true),
  draining: policy(503, 15, true),
  no_worker: policy(503, 15, true),
  ledger_unavailable: policy(503, 9, true),
  disk_full: policy(507, 15, true),
  storage_unavailable: policy(503, 15, true),
  // The request or the environment.
  bad_arguments: policy(400, 1),
  bad_message: policy(400, 15),
  newer_version: policy(503, 9),
  damaged_record: policy(500, 15),
  configuration: policy(500, 9),
  unknown_language: policy(422, 9),
  unknown_variable: policy(422, 1),
  invalid_pattern: policy(422, 1),
  input_unreadable: policy(404, 5),
  output_held: policy(409, 9),
  ledger_damaged: policy(500, 15),
  backup_damaged: policy(500, 15),
  output_inside_input: policy(422, 1),
  output_unwritable: policy(507, 9, true),
  redis_missing: policy(503, 9),
  redis_unreachable: policy(503, 3, true),
  redis_full: policy(503, 3, true),
  clock_off: policy(503, 3, true),
  aggregator_missing: policy(503, 3, true),
  service_unreachable: policy(503, 3, true),
  internal_failure: policy(422, 15),
  internal: policy(500, 15),
} as const satisfies Record<string, Policy>

export type ErrorCode = keyof typeof policies

/** True for a code of the list: codes from the network are checked before use. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(policies, code)
}

export const errorCodes: readonly ErrorCode[] = Object.keys(policies).filter(isErrorCode)

/** Messages quote foreign text, and go into the ledger, logs and answers. */
const maxMessageLength = 8_000

/** Returns a text, truncated to `maxLength`. */
export const cut = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`

/** The only error class. `message` is fit for users: it names the object, the reason and the cure. */
export class ScriptoriumError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly httpStatus: number
  readonly exitCode: number

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(cut(message, maxMessageLength), options)
    this.name = 'ScriptoriumError'
    this.code = code
    const { retryable, httpStatus, exitCode } = policies[code]
    this.retryable = retryable
    this.httpStatus = httpStatus
    this.exitCode = exitCode
  }
}

/** Converts any thrown value to an Error; tesseract.js rejects with strings. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** Returns the system's error code (`ENOENT`, `EACCES`, …) of a thrown value, or undefined. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
