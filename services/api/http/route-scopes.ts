import type { FastifyInstance, RouteOptions } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { RouteAccess } from './auth.ts'

interface RouteScope {
  method: string
  url: string
  scope: RouteAccess | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route with its scope. */
    routeScopes: () => RouteScope[]
  }
}

/** Requires each route to declare its scope; the service does not start otherwise. */
export function installRouteScopes(app: FastifyInstance): void {
  const routes: RouteOptions[] = []
  // The options themselves: those of plugins' routes are completed later.
  app.addHook('onRoute', (route) => {
    if (route.url !== '*') routes.push(route) // CORS's answer to preflights.
  })
  app.decorate('routeScopes', () =>
    routes.flatMap(({ method, url, config }) =>
      [method].flat().map((each) => ({ method: each, url, scope: config?.scope })),
    ),
  )
  app.addHook('onReady', async () => {
    const open = app.routeScopes().find(({ scope }) => scope === undefined)
    if (open === undefined) return
    const message = `${open.method} ${open.url} has no scope; set config.scope`
    throw new ScriptoriumError('internal', message)
  })
}
