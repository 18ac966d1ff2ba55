import type { FastifyInstance, FastifyReply } from 'fastify'

/** Answers are data: a browser that shows one as a page runs, loads and frames nothing, and keeps no copy. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** `/docs` is a page: its scripts and styles are files of this server, and it calls this server only. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Sets the headers on every answer; before all other hooks, whose refusals carry them too. */
export function installSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ routeOptions }, reply) => {
    reply.headers(securityHeaders)
    const { url } = routeOptions
    if (url === '/docs' || url?.startsWith('/docs/') === true) {
      reply.header('content-security-policy', pagePolicy)
    }
  })
}

/** For an answer that no hook has seen. */
export function setSecurityHeaders(reply: FastifyReply): void {
  if (!reply.hasHeader('content-security-policy')) reply.headers(securityHeaders)
}
