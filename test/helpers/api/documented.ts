import assert from 'node:assert/strict'
import type { App } from '../../../services/api/routes/context.ts'
import { isNode, type Node } from '../../../services/api/openapi/components.ts'

/** Compares the statuses and problem codes that requests get with those that /openapi.json lists for their route. */
export function watchAnswers(app: App) {
  const routes = new Map<string, { method: string; url: string }>()
  app.addHook('onSend', async ({ id, method, routeOptions: { url } }) => {
    if (url !== undefined) routes.set(id, { method, url })
  })
  return {
    check(requestId: string, status: number, code: string | undefined): void {
      const route = routes.get(requestId)
      if (route === undefined) return
      const { method, url } = route
      const document: unknown = app.swagger()
      const operation = at(
        document,
        'paths',
        url.replaceAll(/:(\w+)/g, '{$1}'),
        method.toLowerCase(),
      )
      if (operation === undefined) return // Of /docs.
      const name = `${method} ${url}`
      const given = at(operation, 'responses', String(status))
      assert.ok(given, `${name} answered ${status}, which is not documented`)
      if (code === undefined) return
      const shared = /^#\/components\/responses\/(\w+)$/.exec(String(given['$ref']))?.[1]
      const response =
        shared === undefined ? given : at(document, 'components', 'responses', shared)
      const schema = at(response, 'content', 'application/problem+json', 'schema')
      const [, listed] = Array.isArray(schema?.['allOf']) ? schema['allOf'] : []
      const codes: unknown = at(listed, 'properties', 'code')?.['enum']
      assert.ok(
        Array.isArray(codes) && codes.includes(code),
        `${name} answered ${status} ${code}, which is not documented`,
      )
    },
  }
}

function at(value: unknown, ...path: string[]): Node | undefined {
  let found = value
  for (const name of path) found = isNode(found) ? found[name] : undefined
  return isNode(found) ? found : undefined
}
