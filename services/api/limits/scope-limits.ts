import type { FastifyRequest } from 'fastify'
import type { ApiConfig } from '../../../shared/process/config.ts'
import { InvalidRequest } from '../http/problem.ts'

/** Throws `invalid_request` for a deadline that only `admin` may ask for: a hanging page occupies a worker for that long. */
export function checkTimeout(
  { config }: { config: Pick<ApiConfig, 'SCRIPTORIUM_MAX_TIMEOUT_MS'> },
  { isAdmin }: Pick<FastifyRequest, 'isAdmin'>,
  timeoutMs: number | undefined,
  path: string,
): void {
  const max = config.SCRIPTORIUM_MAX_TIMEOUT_MS
  if (isAdmin || timeoutMs === undefined || timeoutMs <= max) return
  const message = `must be an integer of at most ${max} for a token without the scope admin`
  throw new InvalidRequest('invalid_request', [{ path, message }])
}
