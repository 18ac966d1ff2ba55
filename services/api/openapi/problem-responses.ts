import type { RouteOptions } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Node } from './components.ts'
import { toProblem } from '../http/problem.ts'
import { exampleRequestId, retryAfterHeader } from '../schemas/common.ts'
import { meanings, type ProblemCode } from '../schemas/problem-codes.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The problem codes of this route beyond those of every route. */
    problems?: readonly ProblemCode[]
    /** Codes of failed documents that this route answers with 422, whatever their own status. */
    failures?: readonly ProblemCode[]
  }
}

/** Of every route: its connection, its Host header and its query are checked. */
const ofEveryRoute: ProblemCode[] = [
  'malformed_request',
  'too_many_open',
  'internal',
  'service_busy',
]
/** Of every route that needs a token and Redis, the ledger or a disk behind it. */
const ofWork: ProblemCode[] = [
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'draining',
  'redis_unreachable',
  'redis_full',
  'ledger_unavailable',
  'storage_unavailable',
  'newer_version',
  'damaged_record',
  'disk_full',
]
const ofBodies: ProblemCode[] = ['upload_too_large', 'unsupported_media_type', 'upload_too_slow']

type Route = Pick<RouteOptions, 'config' | 'method'> & { schema?: { body?: unknown } | undefined }

/** The problems that a route may answer with, by HTTP status: the description and the codes of each. */
export function problemResponses({ config, method, schema }: Route): Record<string, Node> {
  const hasBody = [method].flat().some((each) => each !== 'GET' && each !== 'HEAD')
  const codes = new Set<ProblemCode>([
    ...ofEveryRoute,
    ...(config?.scope === 'none' ? [] : ofWork),
    ...(hasBody ? ofBodies : []),
    ...(schema?.body === undefined ? [] : (['invalid_request'] as const)),
    ...(config?.problems ?? []),
  ])
  const byStatus = new Map<number, Set<ProblemCode>>()
  const add = (status: number, code: ProblemCode): void => {
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  }
  for (const code of codes) add(new ScriptoriumError(code, '').httpStatus, code)
  for (const code of config?.failures ?? []) add(422, code)
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([a], [b]) => a - b)
      .map(([status, found]) => [String(status), toResponse(status, [...found])]),
  )
}

function toResponse(status: number, codes: readonly ProblemCode[]): Node {
  const isRetryable = codes.some((code) => new ScriptoriumError(code, '').retryable)
  const { description, ...schema } = retryAfterHeader['Retry-After']
  return {
    description: codes.map((code) => `- \`${code}\`: ${meanings[code]}`).join('\n'),
    ...(isRetryable && {
      headers: {
        'Retry-After': { description, schema: { ...schema, type: 'integer', examples: [5] } },
      },
    }),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            {
              type: 'object',
              properties: {
                code: {
                  type: 'string',
                  enum: [...codes],
                  description: 'Stable error code for programs.',
                },
              },
            },
          ],
        },
        ...exampleOf(status, codes),
      },
    },
  }
}

/** A problem with the first of the codes; without it, tools show the same example for every status. */
function exampleOf(status: number, [code]: readonly ProblemCode[]): Node {
  if (code === undefined) return {}
  const problem = toProblem(new ScriptoriumError(code, meanings[code]), exampleRequestId)
  const fault = { path: '/recipe/psm', message: 'must be an integer between 1 and 13' }
  return { example: { ...problem, status, ...(code === 'invalid_request' && { errors: [fault] }) } }
}
