import type { FastifyReply, FastifyRequest } from 'fastify'
import { explain } from '../../../shared/process/causes.ts'
import {
  cut,
  isErrorCode,
  ScriptoriumError,
  toError,
  type ErrorCode,
  systemCode,
} from '../../../shared/process/errors.ts'
import { scrub } from '../../../shared/process/host-paths.ts'
import type { Problem } from '../schemas/common.ts'
import { setSecurityHeaders } from './security-headers.ts'

/** A fault quotes the request, in which a key may be as long as the request. */
const maxPathLength = 200
const maxFaultLength = 2_000
const maxFaults = 20

/** One fault of a request, by JSON pointer. */
interface Fault {
  path: string
  message: string
}

/** A request that is well-formed but invalid: names each fault and its place. */
export class InvalidRequest extends ScriptoriumError {
  readonly faults: readonly Fault[]

  constructor(code: 'malformed_request' | 'invalid_request', faults: readonly Fault[]) {
    const shown = faults.slice(0, maxFaults).map(({ path, message }) => ({
      path: cut(path, maxPathLength),
      message: cut(message, maxFaultLength),
    }))
    super(code, shown.map(({ path, message }) => `${path || 'the value'} ${message}`).join('; '))
    this.faults = shown
  }
}

/** A refusal with Retry-After. */
export class TryLater extends ScriptoriumError {
  readonly retryAfterSeconds: number

  constructor(code: ErrorCode, message: string, retryAfterSeconds: number) {
    super(code, message)
    this.retryAfterSeconds = Math.max(1, Math.ceil(retryAfterSeconds))
  }
}

const defaultRetryAfterSeconds = 5
/** An outage fails every request alike: its log line comes this often at most, milliseconds. */
const outageLogMs = 60_000

/** Answers any error as RFC 9457 `application/problem+json`. No path and no stack leaves the server. */
export function createErrorAnswer() {
  const loggedAt = new Map<ErrorCode, number>()
  /** A retryable code is an outage of something else; a fault of ours is logged each time. */
  const isNews = ({ code, retryable }: ScriptoriumError): boolean => {
    if (!retryable) return true
    const before = loggedAt.get(code) ?? Number.NEGATIVE_INFINITY
    if (performance.now() - before < outageLogMs) return false
    loggedAt.set(code, performance.now())
    return true
  }
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const isGone = systemCode(thrown) === 'ECONNRESET' && request.raw.destroyed
    const error = isGone ? clientGone(thrown) : translate(thrown)
    if (error.httpStatus >= 500 && isNews(error)) {
      request.log.error({ code: error.code, err: thrown }, 'request failed')
    }
    return sendProblem(request, reply, error)
  }
}

/** Nobody receives this answer; the log and the metrics must not count it as a failure of the service. */
const clientGone = (thrown: unknown): ScriptoriumError =>
  new ScriptoriumError('malformed_request', 'the client closed the connection', { cause: thrown })

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: ScriptoriumError,
): FastifyReply {
  // Not every error comes after the hooks that set these.
  reply.header('x-request-id', request.id)
  setSecurityHeaders(reply)
  if (error instanceof TryLater) reply.header('retry-after', error.retryAfterSeconds)
  else if (error.retryable && [409, 429, 503, 507].includes(error.httpStatus))
    reply.header('retry-after', defaultRetryAfterSeconds)
  if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
  return reply
    .code(error.httpStatus)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(toProblem(error, request.id))
}

export function toProblem(error: ScriptoriumError, requestId: string): Problem {
  return {
    type: `urn:scriptorium:error:${error.code}`,
    title: titleOf(error.code),
    status: error.httpStatus,
    detail: detailOf(error),
    code: error.code,
    retryable: error.retryable,
    requestId,
    ...(error instanceof InvalidRequest && { errors: [...error.faults] }),
  }
}

function detailOf(error: ScriptoriumError): string {
  if (error.code === 'internal') return 'Unexpected error; the log has the details.'
  return error instanceof InvalidRequest ? error.message : scrub(error.message) // Its paths are JSON pointers.
}

/** `too_large` → `Too large`. */
const titleOf = (code: string): string =>
  (code.charAt(0).toUpperCase() + code.slice(1)).replaceAll('_', ' ')

/** Fastify's and its plugins' own errors, by code. */
const known: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'upload_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_NOT_FOUND: 'unknown_route',
  FST_ERR_MAX_PARAM_LENGTH: 'unknown_route',
}

function translate(thrown: unknown): ScriptoriumError {
  // An unreadable record of our own is not the caller's fault.
  if (thrown instanceof ScriptoriumError && thrown.code !== 'bad_message') return thrown
  const error = toError(thrown)
  const faults = validationFaults(error)
  if (faults !== undefined) {
    const isBody = 'validationContext' in error && error.validationContext === 'body'
    return new InvalidRequest(isBody ? 'invalid_request' : 'malformed_request', faults)
  }
  if (error instanceof ScriptoriumError)
    return new ScriptoriumError('internal', error.message, { cause: error })
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const options = { cause: thrown }
  const ours = known[code] ?? (isErrorCode(code) ? code : undefined)
  if (ours !== undefined) return new ScriptoriumError(ours, error.message, options)
  const status =
    'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
  if (status === 406) return new ScriptoriumError('not_acceptable', error.message, options)
  if (status >= 400 && status < 500)
    return new ScriptoriumError('malformed_request', error.message, options)
  return explain(thrown)
}

function validationFaults(error: Error): Fault[] | undefined {
  if (!('validation' in error) || !Array.isArray(error.validation)) return undefined
  return error.validation.slice(0, maxFaults).map((fault: unknown) => ({
    path: textAt(fault, 'instancePath') ?? '',
    message: textAt(fault, 'message') ?? 'is not valid',
  }))
}

const textAt = (value: unknown, name: 'instancePath' | 'message'): string | undefined => {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined
  const found: unknown = Reflect.get(value, name)
  return typeof found === 'string' ? found : undefined
}
