import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { version } from '../../shared/version.ts'

const description = `Reads scanned pages: files in, text with boxes and confidences out.

A **document** is one file, a **run** is a folder or what one upload brought. What is accepted (202) is safe and will be
read; what was read before with the same recipe is answered at once (200). Errors are \`application/problem+json\`
(RFC 9457) with a stable \`code\`.`

/** Binary bodies have no schema that a validator could use: they are described here. */
const uploadContent = {
  'multipart/form-data': {
    schema: {
      type: 'object',
      properties: {
        files: { type: 'array', items: { type: 'string', format: 'binary' } },
        options: { type: 'string', description: 'JSON, as `options` of the JSON body' },
      },
      required: ['files'],
    },
  },
  'image/*': { schema: { type: 'string', format: 'binary' } },
  'application/pdf': { schema: { type: 'string', format: 'binary' } },
}

/** Describes the API from the schemas that validate it: `/openapi.json`, and `/docs` to read and try. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    refResolver: { buildLocalReference: ({ $id }) => (typeof $id === 'string' ? $id : 'Schema') },
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Scriptorium', version, description, license: { name: 'MIT' } },
      tags: [
        { name: 'documents', description: 'One file each' },
        { name: 'runs', description: 'Folders, and what uploads brought' },
        { name: 'search', description: 'Full text' },
        { name: 'fleet', description: 'Workers and the queue' },
        { name: 'webhooks', description: 'Who is told' },
        { name: 'service', description: 'Health and metrics' },
      ],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    // Each route tells the scope that its caller's token needs.
    transform: ({ schema, url, route }) => {
      const scope = route.config?.scope
      const security = scope === 'none' ? [] : [{ token: [scope ?? 'undeclared'] }]
      return { schema: { ...schema, security }, url }
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      const { openapiObject } = document
      const body = openapiObject.paths?.['/v1/documents']?.post?.requestBody
      if (body !== undefined && 'content' in body) {
        Object.assign(body, { content: { ...uploadContent, ...body.content } })
      }
      return openapiObject
    },
  })
  // A browser that opens the page has no token to send; what is tried from there has.
  app.addHook('onRoute', (route) => {
    if (route.url === '/docs' || route.url.startsWith('/docs/')) {
      route.config = { ...route.config, scope: 'none', rateLimit: false }
    }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true },
    // The bar at the top is for other people's APIs.
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
