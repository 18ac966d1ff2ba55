import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { createRefusalLimit } from './refusal-limit.ts'

export const scopes = ['submit', 'read', 'admin'] as const
/** Permission of a token; `admin` includes the others. */
export type Scope = (typeof scopes)[number]

/** Who may call a route. A `signed` one is for workers: it checks the token of a job itself. */
export type RouteAccess = Scope | 'any' | 'none' | 'signed'

export interface Token {
  name: string
  scopes: readonly Scope[]
  /** SHA-256 of the token. */
  digest: Buffer
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that the caller's token needs; `any` takes every token, `none` is public. */
    scope?: RouteAccess
  }
  interface FastifyRequest {
    /** The caller's token, or `anonymous` where none are set. */
    caller: string
    /** Without tokens every caller has every scope. */
    isAdmin: boolean
    /** The caller's token, null where none are set. */
    token: Token | null
  }
}

/** The sender of a request. */
export interface Caller {
  name: string
  isAdmin: boolean
}

export const callerOf = ({ caller: name, isAdmin }: FastifyRequest): Caller => ({ name, isAdmin })

const isScope = (text: string): text is Scope => scopes.some((scope) => scope === text)

/** Parses `name:scope+scope:sha256`. Throws `configuration`, never repeating a hash. */
export function parseToken(text: string): Token {
  const [name = '', scopeText = '', hex = '', ...more] = text.split(':')
  const named = scopeText.split('+')
  const granted = named.filter(isScope)
  if (
    !/^[A-Za-z0-9._-]{1,50}$/.test(name) ||
    granted.length !== named.length ||
    !/^[0-9a-f]{64}$/.test(hex) ||
    more.length > 0
  ) {
    throw new ScriptoriumError(
      'configuration',
      `SCRIPTORIUM_TOKENS: the entry of ${JSON.stringify(name)} is invalid: it must be name:scope+scope:sha256 ` +
        `with scopes from ${scopes.join(', ')}; 'npx scriptorium token' creates one`,
    )
  }
  return { name, scopes: granted, digest: Buffer.from(hex, 'hex') }
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/
export const isLoopback = (host: string): boolean => loopback.test(host)

interface Options {
  tokens: readonly Token[]
  /** Origins whose pages may call. */
  origins: readonly string[]
  /** Requests of one address in a minute that carry no good token; 0 = any. */
  maxRefusals: number
}

/** Lets a request through that carries a token with the route's scope; each token is compared in constant time. */
export function installAuth(app: FastifyInstance, { tokens, origins, maxRefusals }: Options): void {
  const refusals = createRefusalLimit({ max: maxRefusals })
  const identify = (request: FastifyRequest): Token => {
    refusals.check(request.ip)
    try {
      return find(tokens, request)
    } catch (thrown) {
      refusals.add(request.ip)
      throw thrown
    }
  }
  app.addHook('onError', async ({ ip, routeOptions }, _, error) => {
    const isForged = error instanceof ScriptoriumError && error.code === 'unauthenticated'
    if (routeOptions.config.scope === 'signed' && isForged) refusals.add(ip)
  })
  app.decorateRequest('caller', 'anonymous')
  app.decorateRequest('isAdmin', tokens.length === 0)
  app.decorateRequest('token', null)
  app.addHook('onRequest', async (request) => {
    const { scope = 'admin' } = request.routeOptions.config
    if (scope === 'signed') return refusals.check(request.ip)
    if (tokens.length === 0) return requireOwnPage(request, origins)
    if (scope === 'none' || request.is404) return
    const token = identify(request)
    request.caller = token.name
    request.isAdmin = token.scopes.includes('admin')
    request.token = token
    if (scope !== 'any' && !token.scopes.includes(scope) && !request.isAdmin) {
      throw new ScriptoriumError('forbidden', `the token lacks the scope '${scope}'`)
    }
  })
}

function find(tokens: readonly Token[], { headers }: FastifyRequest): Token {
  const [, given] = /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? '') ?? []
  if (given === undefined) {
    throw new ScriptoriumError(
      'unauthenticated',
      'the token is missing; send the header Authorization: Bearer <token>',
    )
  }
  const digest = createHash('sha256').update(given).digest()
  // All hashes are compared, so that the time reveals neither which one matched nor whether one did.
  const matching = tokens.filter((token) => timingSafeEqual(token.digest, digest))
  const [token] = matching
  if (token === undefined) throw new ScriptoriumError('unauthenticated', 'the token is unknown')
  return token
}

/**
 * Without tokens any caller on loopback may do everything, except for a web page in the same person's browser, by its
 * own origin or by a name that resolves to loopback (DNS rebinding).
 */
function requireOwnPage({ headers, host }: FastifyRequest, origins: readonly string[]): void {
  const hostname = host.replace(/:\d+$/, '')
  if (!isLoopback(hostname)) {
    const message =
      'a server without tokens only accepts requests to localhost; set SCRIPTORIUM_TOKENS'
    throw new ScriptoriumError('forbidden', message)
  }
  const { origin } = headers
  if (origin === undefined || origins.includes(origin)) return
  if (URL.canParse(origin) && new URL(origin).host === host) return
  throw new ScriptoriumError(
    'forbidden',
    'pages of this origin may not call the API; see SCRIPTORIUM_CORS',
  )
}
