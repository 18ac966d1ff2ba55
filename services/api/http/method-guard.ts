import type { FastifyInstance } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { sendProblem } from './problem.ts'

/** Answers what no route takes: 405 and the methods that would do, where another method of that path is there; else 404. */
export function installMethodGuard(app: FastifyInstance): void {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*') return // CORS's answer to preflights: that goes with every path, also with one that is none.
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
    if (methods.length === 0) {
      const message = 'there is nothing here; /docs tells what there is'
      return sendProblem(request, reply, new ScriptoriumError('unknown_route', message))
    }
    reply.header('allow', [...new Set(methods)].join(', '))
    const message = `${request.method} does not go with this path`
    return sendProblem(request, reply, new ScriptoriumError('method_not_allowed', message))
  })
}
