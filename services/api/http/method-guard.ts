import type { FastifyInstance } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { sendProblem } from './problem.ts'

/** Answers requests without a route: 405 with the allowed methods if the path has another method, otherwise 404. */
export function installMethodGuard(app: FastifyInstance): void {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*') return // CORS answers preflights for every path, even for unknown ones.
    const parts = url
      .replaceAll('.', '\\.')
      .replaceAll(/:[a-z]+/gi, '[^/]+')
      .replaceAll('*', '.*')
    routes.push({ pattern: new RegExp(`^${parts}$`), methods: [method].flat() })
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const methods = routes
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((route) => route.methods)
    // A path of files has the method, and perhaps no such file.
    if (methods.length === 0 || methods.includes(request.method)) {
      const message = 'no route has this path; /docs lists all routes'
      return sendProblem(request, reply, new ScriptoriumError('unknown_route', message))
    }
    reply.header('allow', [...new Set(methods)].join(', '))
    const message = `this path does not support ${request.method}`
    return sendProblem(request, reply, new ScriptoriumError('method_not_allowed', message))
  })
}
