import type { FastifyRequest } from 'fastify'

/** Whether the client already has this version. */
export function isKnown({ headers }: FastifyRequest, etag: string): boolean {
  const known = headers['if-none-match']
  return known?.trim() === '*' || known?.includes(etag) === true
}
