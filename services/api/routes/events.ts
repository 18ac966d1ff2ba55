import { setTimeout as delay } from 'node:timers/promises'
import type { SSEMessage } from '@fastify/sse'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { parseSeen, type Seen } from '../events/event-streams.ts'
import { holderOf } from '../http/holder.ts'
import { documentParams, runParams } from '../schemas/common.ts'
import { requireRun, type App, type Context } from './context.ts'
import { requireDocument } from './documents/find.ts'
import { pageText } from '../../../shared/contract/schema/bounded.ts'
import { described } from '../../../shared/contract/schema/described.ts'

const resuming = 'A client that reconnects with `Last-Event-ID` receives the events that it missed.'
const headers = Type.Object({
  'last-event-id': Type.Optional(
    described(
      Type.String({ maxLength: 100 }),
      'Id of the last event that the client received.',
      '1772357400000-0',
    ),
  ),
})
const response = {
  200: {
    description: 'Server-sent events until the end.',
    content: { 'text/event-stream': { schema: described(pageText, 'Events with JSON data.') } },
  },
  204: { type: 'null', description: 'The client has received every event.' },
}
const problems = ['not_acceptable'] as const

/** Live events of a document, a run, or all of them. */
export function eventRoutes(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id/events',
    {
      config: { scope: 'read', problems: [...problems, 'unknown_document'] },
      sse: 'manual',
      schema: {
        operationId: 'followDocument',
        summary: "Stream a document's events",
        description: `Server-sent events: \`document\` with the document first, \`started\` and \`page\` while it is read, \`finished\` with the document at the end. ${resuming}`,
        tags: ['Documents'],
        params: documentParams,
        headers,
        response,
      },
    },
    async (request, reply) => {
      requireEventStream(request)
      const { id } = request.params
      const { runId } = await requireDocument(context, id)
      const last = parseSeen(request.headers['last-event-id'])
      const place = context.limits.take('event_streams', holderOf(request))
      reply.raw.once('close', () => place.release())
      await send(reply, last, context, (signal) =>
        context.events.ofDocument(id, runId, last, signal),
      )
    },
  )
  app.get(
    '/v1/events',
    {
      config: { scope: 'read', problems },
      sse: 'manual',
      schema: {
        operationId: 'followAll',
        summary: 'Stream the ends of all documents',
        description: `Server-sent events, without end: \`document\` when a document of any run ends. ${resuming}`,
        tags: ['Fleet'],
        headers,
        response: { 200: response[200] },
      },
    },
    async (request, reply) => {
      requireEventStream(request)
      const last = parseSeen(request.headers['last-event-id'])
      const place = context.limits.take('event_streams', holderOf(request))
      reply.raw.once('close', () => place.release())
      await send(reply, last, context, (signal) => context.events.ofAll(last, signal))
    },
  )
  app.get(
    '/v1/runs/:id/events',
    {
      config: { scope: 'read', problems: [...problems, 'unknown_run', 'aggregator_missing'] },
      sse: 'manual',
      schema: {
        operationId: 'followRun',
        summary: "Stream a run's events",
        description: `Server-sent events: \`progress\` with the run when it changes, \`started\` and \`page\` for uploads, \`document\` when a document ends, \`finished\` with the run at the end. ${resuming}`,
        tags: ['Runs'],
        params: runParams,
        headers,
        response,
      },
    },
    async (request, reply) => {
      requireEventStream(request)
      const { id } = request.params
      await requireRun(context, id)
      const last = parseSeen(request.headers['last-event-id'])
      const place = context.limits.take('event_streams', holderOf(request))
      reply.raw.once('close', () => place.release())
      await send(reply, last, context, (signal) => context.events.ofRun(id, last, signal))
    },
  )
}

/** The plugin's own refusal is no problem document, so its routes negotiate here. */
function requireEventStream(request: FastifyRequest): void {
  if (request.accepts().type('text/event-stream') !== false) return
  throw new ScriptoriumError('not_acceptable', 'this route only serves text/event-stream')
}

/** A stream without events is opened after this time, milliseconds. */
const openAfterMs = 500

/**
 * Sends events until the end, until the client disconnects or the service stops. A client that reconnects without
 * having missed anything of an ended run gets 204, which stops its reconnects.
 */
async function send(
  reply: FastifyReply,
  last: Seen | null,
  { stopping }: Context,
  follow: (signal: AbortSignal) => AsyncGenerator<SSEMessage>,
): Promise<void> {
  const closed = new AbortController()
  reply.raw.once('close', () => closed.abort())
  const messages = follow(AbortSignal.any([closed.signal, stopping]))
  const first = messages.next()
  // A client that waits for headers cannot distinguish a quiet stream from a dead service.
  const early = await Promise.race([first, delay(openAfterMs, undefined, { ref: false })])
  if (early === undefined) {
    reply.sse.sendHeaders()
    reply.raw.flushHeaders() // Node holds them back until the first event.
  } else if (early.done === true) {
    if (last === null || stopping.aborted)
      throw new ScriptoriumError('draining', 'the server is shutting down; reconnect')
    await reply.code(204).send()
    return
  }
  await reply.sse.send(
    (async function* () {
      const { done, value } = await first
      if (done === true) return
      yield value
      yield* messages
    })(),
  )
  // Its head promised to keep the connection, which would hold up a server that closes.
  const { socket } = reply.raw
  if (stopping.aborted) reply.raw.once('finish', () => socket?.destroySoon())
}
