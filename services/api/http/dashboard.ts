import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route serves a page for people: its query string is the page's own. */
    isPage?: boolean
  }
}

/** `npm run dashboard` writes it, `npm run build` its copy in the package. */
export const dashboardFolder = join(import.meta.dirname, '../../dashboard/built')

/** The addresses of the dashboard's views; the page itself shows the view of its address. */
export const dashboardViews = [
  '/',
  '/documents',
  '/documents/:id',
  '/runs',
  '/runs/:id',
  '/upload',
  '/review',
  '/review/:id',
  '/search',
  '/system',
]

/** Scripts and styles are files of this server. A page image that was fetched with the token has a blob URL. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const notBuilt =
  "The dashboard is not built: run 'npm run dashboard', then restart the service. The API is described at /docs.\n"

/** A changed file has another name, since its name contains a hash of its content. */
const assetCaching = 'public, max-age=31536000, immutable'

/**
 * Serves the dashboard, whose files hold no data: the page asks the API for it, with the caller's token. Answers 404
 * with a sentence where the dashboard was not built.
 */
export async function registerDashboard(
  app: FastifyInstance,
  folder = dashboardFolder,
): Promise<void> {
  const isBuilt = existsSync(join(folder, 'index.html'))
  await app.register(async (pages) => {
    // A browser sends no token when it opens a page.
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, scope: 'none', rateLimit: false, isPage: true }
      route.schema = { ...route.schema, hide: true }
    })
    if (isBuilt) {
      await pages.register(fastifyStatic, {
        root: join(folder, 'assets'),
        prefix: '/assets/',
        index: false,
        cacheControl: false,
        preCompressed: true,
        setHeaders: (reply, path) => {
          reply.header('cache-control', path.includes('index.html') ? 'no-cache' : assetCaching)
        },
      })
    }
    for (const view of dashboardViews) {
      pages.get(view, (_, reply) => {
        if (!isBuilt) return reply.code(404).type('text/plain; charset=utf-8').send(notBuilt)
        reply.header('content-security-policy', policy)
        return reply.sendFile('index.html', folder)
      })
    }
  })
}
