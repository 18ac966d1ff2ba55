/** Requests to addresses that others name: webhooks and files to fetch. */
import { lookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import { createAddressGuard, type AddressGuard } from './address-guard.ts'
import { ScriptoriumError, systemCode, toError } from './errors.ts'
import { version } from './version.ts'

export interface OutboundRequest {
  method?: 'GET' | 'HEAD' | 'POST'
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>
  body?: string
  /** For all of it: name, connection, redirects, head and body. */
  timeoutMs: number
  /** 0 = a redirect is an error. */
  maxRedirects?: number
  signal?: AbortSignal
}

export interface OutboundResponse {
  status: number
  /** By lower-case name; a header that came more than once gives its first value. */
  headers: ReadonlyMap<string, string>
  /** Fails with `url_failed`. Destroy it, or read it to its end. */
  body: Readable
}

interface Deps {
  /** CIDRs that may be reached though they are not public. */
  allow: readonly string[]
  /** How names are looked up; the system's way unless given. */
  resolve?: typeof lookup
}

/** One request of a chain of redirects. */
interface Hop {
  url: URL
  method: 'GET' | 'HEAD' | 'POST'
  headers: Readonly<Record<string, string>>
  body: string | undefined
}

const connectMs = 10_000
/** Longest wait for a head, and between two pieces of a body. */
const silenceMs = 30_000
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** What another origin may be told of a request that was meant for the first. */
const harmlessHeaders: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'user-agent'])
/** Of a redirect's body, so that its connection can be used again. */
const discardedBytes = 16_384

/**
 * Reaches public addresses only, so that nobody can have us call what only we can reach. A name is checked after it
 * was resolved, and the connection goes to the very address that was checked; so does each redirect's.
 * Throws `configuration` where an allowed range is not one.
 */
export function createOutbound({ allow, resolve = lookup }: Deps) {
  const isAllowed = createAddressGuard(allow)
  let agent: Promise<Agent> | undefined

  const send = async (hop: Hop, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    agent ??= openAgent(isAllowed, resolve)
    const { url, method, headers, body = null } = hop
    const limits = { headersTimeout: silenceMs, bodyTimeout: silenceMs }
    const { origin } = url
    const path = url.pathname + url.search
    try {
      const dispatcher = await agent
      return await dispatcher.request({ origin, path, method, headers, body, signal, ...limits })
    } catch (thrown) {
      throw toFailure(url.hostname, thrown)
    }
  }

  return {
    /** Resolves once the head is there. Throws `url_refused` or `url_failed`, which name the host and no address. */
    async request(url: string, request: OutboundRequest): Promise<OutboundResponse> {
      const { method = 'GET', timeoutMs, maxRedirects = 0 } = request
      const deadline = AbortSignal.timeout(timeoutMs)
      const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline
      const headers = { 'user-agent': `Scriptorium/${version}`, ...request.headers }
      let hop: Hop = { url: parseUrl(url), method, headers, body: request.body }
      for (let followed = 0; ; followed += 1) {
        const { statusCode: status, headers: found, body } = await send(hop, signal)
        const location = redirectStatuses.has(status) ? first(found['location']) : undefined
        if (location === undefined) {
          return { status, headers: toMap(found), body: guardBody(hop.url.hostname, body) }
        }
        await body.dump({ limit: discardedBytes })
        if (followed >= maxRedirects) {
          const many = maxRedirects === 0 ? '' : `, the ${followed + 1}th in a row`
          throw failed(`${hop.url.hostname} answered with a redirect (${status})${many}`)
        }
        hop = follow(hop, status, location)
      }
    },
    /** Ends what is under way. */
    async close(): Promise<void> {
      await (await agent)?.destroy()
    },
  }
}

export type Outbound = ReturnType<typeof createOutbound>

/** Throws `url_refused` for what is not a plain http or https URL; never repeats what may hold a password. */
function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw refused('it is not a URL')
  const { protocol, hostname } = url
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw refused(`only http and https URLs are taken, not ${protocol}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw refused(`the URL of ${hostname} carries credentials`)
  }
  return url
}

/** undici takes 0.1 s to load and 28 MB: a process that never calls out is spared both. */
async function openAgent(isAllowed: AddressGuard, resolve: typeof lookup): Promise<Agent> {
  const { Agent: UndiciAgent, buildConnector } = await import('undici')
  const connect = buildConnector({
    allowH2: false,
    timeout: connectMs,
    lookup: guardLookup(isAllowed, resolve),
  })
  return new UndiciAgent({
    connect(options, callback) {
      // A socket asks nobody about an address: what is one is checked here, by the test that the socket makes.
      const { hostname } = options
      if (isIP(hostname) === 0 || isAllowed(hostname)) connect(options, callback)
      else callback(notPublic(hostname), null)
    },
  })
}

/** A socket's lookup that gives only addresses that may be reached. */
function guardLookup(isAllowed: AddressGuard, resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const [address, ...others] = addresses.filter((found) => isAllowed(found.address))
      if (address === undefined) return callback(notPublic(hostname), [])
      if (options.all === true) callback(null, [address, ...others] satisfies LookupAddress[])
      else callback(null, address.address, address.family)
    })
  }
}

/** The next request of a chain. Another origin gets neither the body nor the headers of the one that was asked for. */
function follow({ url, method, headers, body }: Hop, status: number, location: string): Hop {
  const next = parseUrl(location, url)
  const isElsewhere = next.origin !== url.origin
  const becomesGet = method === 'POST' && status !== 307 && status !== 308
  const kept = becomesGet ? undefined : body
  if (isElsewhere && kept !== undefined) {
    throw refused(`${url.hostname} redirects what is sent to it to ${next.hostname}`)
  }
  const carried = Object.entries(headers).filter(([name]) =>
    isElsewhere ? harmlessHeaders.has(name) : !becomesGet || !name.startsWith('content-'),
  )
  const nextMethod = becomesGet ? 'GET' : method
  return { url: next, method: nextMethod, headers: Object.fromEntries(carried), body: kept }
}

/** The body, failing in our words. */
function guardBody(hostname: string, body: Readable): Readable {
  const guarded = new PassThrough()
  // A failure before anybody reads must not end the process; whoever reads later still gets it.
  guarded.on('error', () => undefined)
  body.on('error', (thrown) => guarded.destroy(toFailure(hostname, thrown)))
  guarded.once('close', () => body.destroy())
  return body.pipe(guarded)
}

const timeouts: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])

function toFailure(hostname: string, thrown: unknown): ScriptoriumError {
  if (thrown instanceof ScriptoriumError) return thrown
  const cause = toError(thrown)
  const code = systemCode(cause) ?? ''
  if (cause.name === 'TimeoutError' || timeouts.has(code)) {
    return failed(`${hostname} did not answer in time`, cause)
  }
  if (cause.name === 'AbortError') return failed(`the request to ${hostname} was given up`, cause)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return failed(`${hostname} cannot be resolved`, cause)
  }
  return failed(`${hostname} cannot be reached${code === '' ? '' : ` (${code})`}`, cause)
}

const failed = (message: string, cause?: Error): ScriptoriumError =>
  new ScriptoriumError('url_failed', message, { cause })
const refused = (message: string): ScriptoriumError => new ScriptoriumError('url_refused', message)
const notPublic = (hostname: string): ScriptoriumError =>
  refused(`${hostname} is not at a public address`)

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

const toMap = (headers: Dispatcher.ResponseData['headers']): Map<string, string> =>
  new Map(Object.entries(headers).map(([name, value]) => [name, first(value) ?? '']))
