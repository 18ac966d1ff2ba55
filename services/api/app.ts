import accepts from '@fastify/accepts'
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import { fastifySSE } from '@fastify/sse'
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { randomUUID } from 'node:crypto'
import { listOf } from '../../shared/config.ts'
import { ScriptoriumError } from '../../shared/errors.ts'
import { installAuth, parseToken } from './auth.ts'
import { installMethodGuard } from './method-guard.ts'
import { registerOpenApi } from './openapi.ts'
import { answerError, TryLater } from './problem.ts'
import type { App, Context } from './routes/context.ts'
import { documentRoutes } from './routes/documents.ts'
import { eventRoutes } from './routes/events.ts'
import { fleetRoutes } from './routes/fleet.ts'
import { healthRoutes } from './routes/health.ts'
import { resultRoute } from './routes/results.ts'
import { runRoutes } from './routes/runs.ts'
import { searchRoute } from './routes/search.ts'
import { submitRoute } from './routes/submit.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { problemSchema } from './schemas/common.ts'
import { documentViewSchema, uploadViewSchema } from './schemas/document.ts'
import { runViewSchema } from './schemas/run.ts'
import { createUnparsedAnswer } from './unparsed.ts'
import { maxJsonBytes } from './uploads/base64.ts'
import { registerUploads } from './uploads/read-uploads.ts'

/** A client's own request id is taken over where it is fit for logs. */
const soundRequestId = /^[A-Za-z0-9._:-]{1,100}$/

/** Builds the server from its parts, without listening. */
export async function buildApp(context: Context): Promise<App> {
  const { config, log, metrics } = context
  const loggerInstance: FastifyBaseLogger = log
  const unparsed = createUnparsedAnswer()
  const app: App = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy:
      config.SCRIPTORIUM_TRUST_PROXY === '' ? false : listOf(config.SCRIPTORIUM_TRUST_PROXY),
    bodyLimit: maxJsonBytes,
    // Uploads have a watch of their own: a large one takes its time, a stalled one is ended.
    requestTimeout: 0,
    // Node would answer a missing Host header by itself, without a body: a hook does.
    http: { headersTimeout: 30_000, requireHostHeader: false },
    forceCloseConnections: 'idle',
    // Fastify's own answers are no problem documents: what is wrong so early is answered in our own words.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: (error, socket) => unparsed.answer(error, socket),
    genReqId({ headers }) {
      const given = headers['x-request-id']
      return typeof given === 'string' && soundRequestId.test(given) ? given : randomUUID()
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  unparsed.watch(app.server)
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.removeContentTypeParser('text/plain') // No route takes it, and it would be read as an upload of 0 bytes.
  app.setErrorHandler(answerError)
  installMethodGuard(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (request.headers.host === undefined && request.raw.httpVersion !== '1.0') {
      throw new ScriptoriumError('malformed_request', 'the Host header is missing')
    }
    if (!context.stopping.aborted || request.routeOptions.config.scope === 'none') return
    throw new ScriptoriumError('draining', 'the service is stopping; try again')
  })
  app.addHook('onSend', async (_, reply) => {
    // A connection that was in use when the server began to close would be kept open for the client's next request.
    if (context.stopping.aborted) reply.header('connection', 'close')
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const route = routeOptions.url ?? 'unknown'
    const ms = Math.round(reply.elapsedTime * 10) / 10
    metrics.observe(method, route, reply.statusCode, reply.elapsedTime / 1_000)
    request.log.info(
      { method, route, status: reply.statusCode, ms, caller: request.caller },
      'request',
    )
  })
  const origins = listOf(config.SCRIPTORIUM_CORS)
  if (origins.length > 0) {
    await app.register(cors, {
      origin: origins,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
      exposedHeaders: ['location', 'retry-after', 'x-request-id', 'etag'],
    })
  }
  installAuth(app, { tokens: listOf(config.SCRIPTORIUM_TOKENS).map(parseToken), origins })
  await registerRateLimit(app, context)
  await app.register(accepts)
  await app.register(fastifySSE, { heartbeatInterval: 15_000 })
  await registerUploads(app, context.intake.limits)
  await registerOpenApi(app)
  addRoutes(app, context)
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
    // Without Redis nothing can be counted, and nothing be accepted either.
    skipOnError: true,
    keyGenerator: ({ caller, ip }) => (caller === 'anonymous' ? ip : caller),
    errorResponseBuilder: (_, { ttl }) =>
      new TryLater('rate_limited', `more than ${max} requests in a minute; slow down`, ttl / 1_000),
  })
}

function addRoutes(app: App, context: Context): void {
  for (const schema of [problemSchema, documentViewSchema, uploadViewSchema, runViewSchema]) {
    app.addSchema(schema)
  }
  submitRoute(app, context)
  documentRoutes(app, context)
  resultRoute(app, context)
  runRoutes(app, context)
  eventRoutes(app, context)
  searchRoute(app, context)
  fleetRoutes(app, context)
  webhookRoutes(app, context)
  healthRoutes(app, context)
}
