import { setTimeout as delay } from 'node:timers/promises'
import type { SSEMessage } from '@fastify/sse'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { parseSeen, type Seen } from '../event-streams.ts'
import { idParams, problems } from '../schemas/common.ts'
import { requireRun, type App, type Context } from './context.ts'
import { requireDocument } from './documents.ts'

const description =
  'Server-sent events. A client that reconnects with Last-Event-ID gets what it missed.'
const stream = (summary: string, operationId: string, tag: string) => ({
  operationId,
  summary,
  description,
  tags: [tag],
  params: idParams,
  headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 100 })) }),
  response: {
    200: { description, content: { 'text/event-stream': { schema: Type.String() } } },
    204: { type: 'null', description: 'It has ended, and the client knows all of it.' },
    ...problems,
  },
})

/** What happens to a document or a run, as it happens. */
export function eventRoutes(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id/events',
    {
      config: { scope: 'read' },
      sse: 'manual',
      schema: stream('Follow a document to its end', 'followDocument', 'documents'),
    },
    async (request, reply) => {
      requireEventStream(request)
      const { id } = request.params
      const { runId } = await requireDocument(context, id)
      const last = parseSeen(request.headers['last-event-id'])
      await send(reply, last, context, (signal) =>
        context.events.ofDocument(id, runId, last, signal),
      )
    },
  )
  app.get(
    '/v1/runs/:id/events',
    {
      config: { scope: 'read' },
      sse: 'manual',
      schema: stream('Follow a run to its end', 'followRun', 'runs'),
    },
    async (request, reply) => {
      requireEventStream(request)
      const { id } = request.params
      await requireRun(context, id)
      const last = parseSeen(request.headers['last-event-id'])
      await send(reply, last, context, (signal) => context.events.ofRun(id, last, signal))
    },
  )
}

/** The plugin's own refusal would be no problem document, so that its routes negotiate here. */
function requireEventStream(request: FastifyRequest): void {
  if (request.accepts().type('text/event-stream') !== false) return
  throw new ScriptoriumError('not_acceptable', 'there is text/event-stream')
}

/** How long a stream may be quiet before it is opened, milliseconds. */
const openAfterMs = 500

/**
 * Sends what happens until it ends, the client goes or the service stops. A client that comes back and has missed
 * nothing of what has ended is told to stay away: 204.
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
  // A client that waits for the head of an answer cannot tell a quiet stream from a dead service.
  const early = await Promise.race([first, delay(openAfterMs, undefined, { ref: false })])
  if (early === undefined) reply.sse.sendHeaders()
  else if (early.done === true) {
    if (last === null || stopping.aborted)
      throw new ScriptoriumError('draining', 'the service is stopping; follow it again')
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
