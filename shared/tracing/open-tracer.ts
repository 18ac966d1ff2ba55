import type { Lines } from '../process/outage-log.ts'
import { createTracer, untraced, type Tracer } from './tracer.ts'

interface Settings {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string
  OTEL_EXPORTER_OTLP_HEADERS?: string
}

/** The tracer of a role; without a collector in its settings one that does nothing, and nothing is loaded. */
export async function openTracer(role: string, settings: Settings, log: Lines): Promise<Tracer> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = '' } =
    settings
  if (endpoint === undefined) return untraced
  const { createOtlpSend } = await import('./otlp.ts')
  return createTracer(createOtlpSend({ endpoint, headers, role }), log)
}
