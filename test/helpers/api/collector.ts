import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { text } from 'node:stream/consumers'
import type { OtlpSpan } from '../../../shared/tracing/tracer.ts'
import type { Ending } from '../folder.ts'

type Received = OtlpSpan & { service: string; headers: IncomingHttpHeaders }

interface Body {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] }
    scopeSpans: { spans: OtlpSpan[] }[]
  }[]
}

/** A small collector of traces: OTLP over HTTP, as JSON. It answers with `state.status`. */
export async function startCollector(ending: Ending) {
  const spans: Received[] = []
  const state = { status: 200 }
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse(await text(request)) as Body
    response.writeHead(request.url === '/v1/traces' ? state.status : 404).end('{}')
    if (state.status !== 200) return
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const service =
        resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? ''
      for (const span of scopeSpans.flatMap((scope) => scope.spans))
        spans.push({ ...span, service, headers: request.headers })
    }
  }
  const server = createServer((request, response) => void take(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ending.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, spans, state }
}
