import accepts from '@fastify/accepts'
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import { fastifySSE } from '@fastify/sse'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { randomUUID } from 'node:crypto'
import { splitList } from '../../shared/process/config.ts'
import { createOutageLog } from '../../shared/process/outage-log.ts'
import { ScriptoriumError } from '../../shared/process/errors.ts'
import { installAuth } from './http/auth.ts'
import { installHostGuard } from './http/host-guard.ts'
import { registerDashboard } from './http/dashboard.ts'
import { installConnectionLimits } from './limits/connections.ts'
import { createProxyCheck, holderOf } from './http/holder.ts'
import { installJsonBodies } from './limits/json-body.ts'
import { installMethodGuard } from './http/method-guard.ts'
import { registerOpenApi } from './openapi/openapi.ts'
import { createErrorAnswer, TryLater } from './http/problem.ts'
import { installQueryGuard } from './http/query-guard.ts'
import { installRequestLog } from './observe/request-log.ts'
import { installRouteScopes } from './http/route-scopes.ts'
import type { App, Context } from './routes/context.ts'
import { callerRoutes } from './routes/caller.ts'
import { blobRoute } from './routes/blob.ts'
import { documentRoutes } from './routes/documents/documents.ts'
import { eventRoutes } from './routes/events.ts'
import { fleetRoutes } from './routes/fleet.ts'
import { healthRoutes } from './routes/health.ts'
import { pageRoutes } from './routes/pages/pages.ts'
import { reviewRoute } from './routes/review.ts'
import { runRoutes } from './routes/runs/runs.ts'
import { searchRoute } from './routes/search.ts'
import { webhookRoutes } from './routes/webhooks/webhooks.ts'
import { problemSchema } from './schemas/common.ts'
import { documentViewSchema, uploadViewSchema } from './schemas/document.ts'
import { runViewSchema } from './schemas/run.ts'
import { createSerializers } from './http/serializer.ts'
import { installSecurityHeaders } from './http/security-headers.ts'
import { compileValidator } from './http/validator.ts'
import { createUnparsedAnswer } from './http/unparsed.ts'
import { registerUploads } from './intake/uploads/read-uploads.ts'

/** Default for JSON bodies; routes that need more declare it. */
const maxBodyBytes = 64 * 1024
/** For all of a JSON body, the largest one at a megabit a second. */
const jsonDeadlineMs = 150_000
const unwantedMs = 30_000

/** A client's request id is kept if it is safe for logs. */
const soundRequestId = /^[A-Za-z0-9._:-]{1,100}$/

/** Builds the server from its parts, without listening. */
export async function buildApp(context: Context): Promise<App> {
  const { config, log, metrics } = context
  const app = createServer(context)
  installMethodGuard(app)
  installRouteScopes(app)
  installSecurityHeaders(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (!context.stopping.aborted || request.routeOptions.config.scope === 'none') return
    throw new ScriptoriumError('draining', 'the server is shutting down; retry later')
  })
  installConnectionLimits(app, {
    limits: context.limits,
    maxConnections: config.SCRIPTORIUM_MAX_CONNECTIONS,
    pace: context.pace,
    isProxy: createProxyCheck(splitList(config.SCRIPTORIUM_TRUST_PROXY)),
    log: createOutageLog(log),
  })
  installJsonBodies(app, {
    limits: context.limits,
    pace: context.pace,
    lingerMs: context.intake.limits.lingerMs,
    deadlineMs: jsonDeadlineMs,
    unwantedMs,
  })
  installHostGuard(app)
  app.addHook('onSend', async (_, reply) => {
    // A connection that was in use when the server began to close would be kept open for the client's next request.
    if (context.stopping.aborted) reply.header('connection', 'close')
  })
  installRequestLog(app, { metrics, log })
  const origins = splitList(config.SCRIPTORIUM_CORS)
  if (origins.length > 0) {
    await app.register(cors, {
      origin: origins,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
      exposedHeaders: ['location', 'retry-after', 'x-request-id', 'etag'],
    })
  }
  const { SCRIPTORIUM_MAX_REFUSALS: maxRefusals } = config
  installAuth(app, { tokens: context.tokens, origins, maxRefusals })
  await registerRateLimit(app, context)
  installQueryGuard(app)
  await app.register(accepts)
  await app.register(fastifySSE, { heartbeatInterval: 15_000 })
  await registerUploads(app, context.intake.limits)
  await registerOpenApi(app)
  await registerDashboard(app)
  addRoutes(app, context)
  return app
}

/** The bare server: its time limits, its request ids, and problem documents for whatever goes wrong. */
function createServer({ config, log }: Context): App {
  const loggerInstance: FastifyBaseLogger = log
  const unparsed = createUnparsedAnswer()
  const answerError = createErrorAnswer()
  const app: App = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy:
      config.SCRIPTORIUM_TRUST_PROXY === '' ? false : splitList(config.SCRIPTORIUM_TRUST_PROXY),
    bodyLimit: maxBodyBytes,
    // Uploads have their own watch: a large one may take long, a stalled one is ended.
    requestTimeout: 0,
    // Node would answer a missing Host header by itself, without a body: a hook does.
    http: {
      headersTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: false,
    },
    schemaController: { compilersFactory: { buildSerializer: createSerializers() } },
    forceCloseConnections: 'idle',
    // Fastify's early error answers are not problem documents, so they are replaced.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: (error, socket) => unparsed.answer(error, socket),
    genReqId({ headers }) {
      const given = headers['x-request-id']
      return typeof given === 'string' && soundRequestId.test(given) ? given : randomUUID()
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  unparsed.watch(app.server)
  app.setValidatorCompiler(compileValidator)
  app.removeContentTypeParser('text/plain') // No route takes it, and it would be read as an upload of 0 bytes.
  app.setErrorHandler(answerError)
  return app
}

async function registerRateLimit(app: App, { config, redis, keys }: Context): Promise<void> {
  const max = config.SCRIPTORIUM_RATE_LIMIT
  if (max === 0) return
  await app.register(rateLimit, {
    max,
    timeWindow: 60_000,
    redis,
    nameSpace: keys.rateLimit,
    // Without Redis nothing can be counted, and nothing accepted.
    skipOnError: true,
    keyGenerator: holderOf,
    errorResponseBuilder: (_, { ttl }) =>
      new TryLater('rate_limited', `more than ${max} requests per minute`, ttl / 1_000),
  })
}

function addRoutes(app: App, context: Context): void {
  for (const schema of [problemSchema, documentViewSchema, uploadViewSchema, runViewSchema]) {
    app.addSchema(schema)
  }
  documentRoutes(app, context)
  pageRoutes(app, context)
  reviewRoute(app, context)
  runRoutes(app, context)
  eventRoutes(app, context)
  searchRoute(app, context)
  fleetRoutes(app, context)
  webhookRoutes(app, context)
  callerRoutes(app, context)
  blobRoute(app, context)
  healthRoutes(app, context)
}
