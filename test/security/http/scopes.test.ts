import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { dashboardViews } from '../../../services/api/http/dashboard.ts'
import { startApi } from '../../helpers/api/api.ts'
import { bearer, tokenEntry } from '../../helpers/api/tokens.ts'

const holders = {
  submit: ['submit'],
  read: ['read'],
  both: ['submit', 'read'],
  admin: ['submit', 'read', 'admin'],
}
const entries = Object.entries(holders).map(([name, scopes]) =>
  tokenEntry(name, name === 'admin' ? 'admin' : scopes.join('+')),
)
const api = await startApi(
  { after },
  { SCRIPTORIUM_TOKENS: entries.join(','), SCRIPTORIUM_MAX_REFUSALS: '0' },
)
const address = await api.app.listen({ host: '127.0.0.1', port: 0 })
const routes = api.app
  .routeScopes()
  .map(({ method, url, scope }) => ({ method, url: fill(url), scope }))

/** Something in the place of each parameter, and of each query that has to be there. */
function fill(url: string): string {
  return url
    .replaceAll(/:\w+/g, 'x1')
    .replace('*', 'index.html')
    .replace(/search$/, 'search?q=a')
}

test('there are routes, and each declares its scope', () => {
  assert.ok(routes.length > 50, `${routes.length} routes`)
  const known: unknown[] = ['none', 'any', 'signed', 'submit', 'read', 'admin']
  for (const { method, url, scope } of routes) assert.ok(known.includes(scope), `${method} ${url}`)
})

test('only health, the OpenAPI document and the files of the dashboard are public', () => {
  const open = routes.filter(({ scope, method }) => scope === 'none' && method === 'GET')
  const allowed = /^\/(livez|readyz|version|openapi\.json|docs(\/.*)?)$/
  const pages = dashboardViews.map(fill)
  for (const { url } of open) {
    if (!pages.includes(url) && !url.startsWith('/assets/')) assert.match(url, allowed)
  }
})

test('routes that change something reject tokens with only the read scope', () => {
  const changing = routes.filter(({ method }) => !['GET', 'HEAD'].includes(method))
  for (const { method, url, scope } of changing) {
    if (url === '/v1/documents/check') continue // A read-only request with a body.
    assert.ok(scope === 'submit' || scope === 'admin', `${method} ${url} is for ${scope}`)
  }
})

for (const { method, url, scope } of routes) {
  test(`${method} ${url} requires ${scope}`, async () => {
    for (const [holder, granted] of [
      ['nobody', []],
      ['unknown', []],
      ...Object.entries(holders),
    ] as [string, string[]][]) {
      const given = holder === 'nobody' ? {} : bearer(holder)
      const response = await fetch(`${address}${url}`, { method, redirect: 'manual', ...given })
      await response.body?.cancel() // A stream of events has no end.
      const statusCode = response.status
      const isKnown = holder in holders && scope !== 'signed' // No caller's token is one of a job.
      const isFor = scope === 'none' || scope === 'any' || granted.includes(scope ?? '')
      assert.equal(statusCode === 401, !isKnown && scope !== 'none', `${holder}: ${statusCode}`)
      assert.equal(statusCode === 403, isKnown && !isFor, `${holder}: ${statusCode}`)
    }
  })
}
