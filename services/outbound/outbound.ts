/** Requests to addresses that others supply: webhooks and URL sources. */
import { lookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import { createAddressGuard, type AddressGuard } from './address-guard.ts'
import { explain, isStorageTrouble } from '../../shared/process/causes.ts'
import { ScriptoriumError, systemCode, toError } from '../../shared/process/errors.ts'
import { version } from '../../shared/process/version.ts'

interface OutboundRequest {
  method?: 'GET' | 'HEAD' | 'POST'
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>
  body?: string
  /** For the whole request: name, connection, redirects, head and body. */
  timeoutMs: number
  /** 0 = a redirect is an error. */
  maxRedirects?: number
  signal?: AbortSignal
}

interface OutboundResponse {
  status: number
  /** By lower-case name; a repeated header has its first value. */
  headers: ReadonlyMap<string, string>
  /** Fails with `url_failed`. Destroy it, or read it to its end. */
  body: Readable
}

interface Deps {
  /** Reachable ranges in CIDR form that are not public. */
  allow: readonly string[]
  /** Resolver of names; the system's by default. */
  resolve?: typeof lookup
}

/** One request in a chain of redirects. */
interface Hop {
  url: URL
  method: 'GET' | 'HEAD' | 'POST'
  headers: Readonly<Record<string, string>>
  body: string | undefined
}

const connectMs = 10_000
/** Maximum wait for a head, and between two chunks of a body. */
const silenceMs = 30_000
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Headers that a redirect to another origin may pass on. */
const harmlessHeaders: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'user-agent'])
/** Bytes of a redirect's body to read, so that its connection can be reused. */
const discardedBytes = 16_384

/**
 * Reaches public addresses only, so that the service cannot be used to call private ones. A name is checked after it
 * was resolved, and the connection goes to exactly the checked address; so does that of each redirect. Throws
 * `configuration` if an allowed range is invalid.
 */
export function createOutbound({ allow, resolve = lookup }: Deps) {
  const isAllowed = createAddressGuard(allow)
  let agent: Promise<Agent> | undefined

  const send = async (hop: Hop, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    agent ??= openAgent(isAllowed, resolve).catch((thrown: unknown) => {
      agent = undefined // The next request retries.
      throw toOwnTrouble(thrown)
    })
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
    /** Resolves once the head has arrived. Throws `url_refused` or `url_failed`, which name the host and no address. */
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
    /** Aborts running requests. */
    async close(): Promise<void> {
      await (await agent)?.destroy()
    },
  }
}

export type Outbound = ReturnType<typeof createOutbound>

/** Throws `url_refused` for anything but a plain http or https URL; never repeats text that may contain a password. */
function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw refused('it is not a URL')
  const { protocol, hostname } = url
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw refused(`only http and https URLs are accepted, not ${protocol}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw refused(`the URL of ${hostname} contains credentials`)
  }
  return url
}

/** undici takes 0.1 s to load and 28 MB: a process that sends no requests saves both. */
async function openAgent(isAllowed: AddressGuard, resolve: typeof lookup): Promise<Agent> {
  const { Agent: UndiciAgent, buildConnector } = await import('undici')
  const connect = buildConnector({
    allowH2: false,
    timeout: connectMs,
    lookup: guardLookup(isAllowed, resolve),
  })
  return new UndiciAgent({
    connect(options, callback) {
      // A socket does not look up a literal address: it is checked here, by the test that the socket uses.
      const { hostname } = options
      if (isIP(hostname) === 0 || isAllowed(hostname)) connect(options, callback)
      else callback(notPublic(hostname), null)
    },
  })
}

/** A socket's lookup that returns only reachable addresses. */
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

/** The next request of a chain. Another origin gets neither the body nor the private headers of the first one. */
function follow({ url, method, headers, body }: Hop, status: number, location: string): Hop {
  const next = parseUrl(location, url)
  const isElsewhere = next.origin !== url.origin
  const becomesGet = method === 'POST' && status !== 307 && status !== 308
  const kept = becomesGet ? undefined : body
  if (isElsewhere && kept !== undefined) {
    throw refused(`${url.hostname} redirects the request to ${next.hostname}`)
  }
  const carried = Object.entries(headers).filter(([name]) =>
    isElsewhere ? harmlessHeaders.has(name) : !becomesGet || !name.startsWith('content-'),
  )
  const nextMethod = becomesGet ? 'GET' : method
  return { url: next, method: nextMethod, headers: Object.fromEntries(carried), body: kept }
}

/** The body, with its errors converted to ours. */
function guardBody(hostname: string, body: Readable): Readable {
  const guarded = new PassThrough()
  // A failure without a reader must not end the process; a later reader still gets it.
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

/** The client itself fails to load only on a system without file handles or memory. */
const toOwnTrouble = (cause: unknown): ScriptoriumError =>
  new ScriptoriumError('storage_unavailable', 'the HTTP client cannot be loaded; try again', {
    cause,
  })

function toFailure(hostname: string, thrown: unknown): ScriptoriumError {
  if (thrown instanceof ScriptoriumError) return thrown
  if (isStorageTrouble(thrown)) return explain(thrown) // No handle for a socket: not the other side's fault.
  const cause = toError(thrown)
  const code = systemCode(cause) ?? ''
  if (cause.name === 'TimeoutError' || timeouts.has(code)) {
    return failed(`${hostname} did not answer in time`, cause)
  }
  if (cause.name === 'AbortError') return failed(`the request to ${hostname} was aborted`, cause)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return failed(`${hostname} cannot be resolved`, cause)
  }
  return failed(`${hostname} cannot be reached${code === '' ? '' : ` (${code})`}`, cause)
}

const failed = (message: string, cause?: Error): ScriptoriumError =>
  new ScriptoriumError('url_failed', message, { cause })
const refused = (message: string): ScriptoriumError => new ScriptoriumError('url_refused', message)
const notPublic = (hostname: string): ScriptoriumError =>
  refused(`${hostname} has no public address`)

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

const toMap = (headers: Dispatcher.ResponseData['headers']): Map<string, string> =>
  new Map(Object.entries(headers).map(([name, value]) => [name, first(value) ?? '']))
