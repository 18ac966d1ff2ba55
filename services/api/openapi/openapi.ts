import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { version } from '../../../shared/process/version.ts'
import type { RouteAccess } from '../http/auth.ts'
import { toComponents } from './components.ts'
import { completeOperations } from './operations.ts'
import { problemResponses } from './problem-responses.ts'
import { shareResponses } from './shared-responses.ts'

const description = `Scriptorium reads scanned pages: send files, get text with word boxes and confidences.

A **document** is one file. A **run** is a folder or the files of one upload. An accepted upload (202) is stored durably
and will be read. A file that was read before with the same recipe is answered at once (200). Errors are
\`application/problem+json\` (RFC 9457) with a stable \`code\`.`

const tags = [
  { name: 'Documents', description: 'Upload files and get their text.' },
  { name: 'Runs', description: 'Read folders, follow and control runs.' },
  { name: 'Search', description: 'Search the full text.' },
  { name: 'Fleet', description: 'Workers, languages and the queue.' },
  { name: 'Webhooks', description: 'Subscribe to the end of documents and runs.' },
  { name: 'Service', description: 'Health, version and metrics.' },
]

/** Describes the API from the schemas that validate it: `/openapi.json`, and `/docs` to read and try. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    refResolver: { buildLocalReference: ({ $id }) => (typeof $id === 'string' ? $id : 'Schema') },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Scriptorium',
        version,
        summary: 'Parallel OCR of scanned pages.',
        description,
        license: { name: 'MIT License', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'The server that serves this description.' }],
      tags,
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description:
              'Token from `npm run token`. Its scopes are `submit`, `read` and `admin`; `admin` includes the others. ' +
              'A server without tokens answers requests from its own host only and needs no header.',
          },
          jobToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'Token that a job of the queue carries, for workers.',
          },
        },
      },
      security: [{ token: [] }],
    },
    // Each route names the scope that its caller's token needs, and its problems.
    transform: ({ schema, url, route }) => {
      const { config, method } = route
      const scope = config?.scope
      const security = scope === 'none' ? [] : [requirementOf(scope)]
      const problems = problemResponses({ method, schema, ...(config && { config }) })
      return { schema: { ...schema, security, 'x-problems': problems }, url }
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      const { openapiObject } = document
      const { paths: operations, responses } = shareResponses(
        completeOperations(openapiObject.paths),
      )
      const { paths, schemas } = toComponents(operations, openapiObject.components?.schemas)
      return Object.assign(openapiObject, {
        paths,
        components: { ...openapiObject.components, responses, schemas },
      })
    },
  })
  // A browser sends no token when it opens the page; requests tried on the page carry one.
  app.addHook('onRoute', (route) => {
    if (route.url === '/docs' || route.url.startsWith('/docs/')) {
      route.config = { ...route.config, scope: 'none', rateLimit: false }
    }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true },
    // The bar at the top loads other APIs.
    theme: {
      title: 'Scriptorium API',
      css: [{ filename: 'theme.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  })
  app.get(
    '/openapi.json',
    { config: { scope: 'none', rateLimit: false }, schema: { hide: true } },
    () => app.swagger(),
  )
}

function requirementOf(scope: RouteAccess | undefined): Record<string, string[]> {
  if (scope === 'signed') return { jobToken: [] }
  return { token: scope === 'any' ? [] : [scope ?? 'undeclared'] }
}
