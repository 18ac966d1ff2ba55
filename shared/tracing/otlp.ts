import type { SendSpans } from './tracer.ts'
import { version } from '../process/version.ts'

interface Deps {
  endpoint: string
  /** `name=value`, separated by commas; values are percent-encoded. */
  headers: string
  role: string
}

const timeoutMs = 10_000

/**
 * Sends spans by OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/). Own code: the SDK with its
 * exporter is 10 packages of 20 MB, to send spans that have ended and whose ids are known.
 */
export function createOtlpSend({ endpoint, headers, role }: Deps): SendSpans {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const resource = {
    attributes: [
      { key: 'service.name', value: { stringValue: `scriptorium-${role}` } },
      { key: 'service.version', value: { stringValue: version } },
      { key: 'process.pid', value: { intValue: String(process.pid) } },
    ],
  }
  const given = headers
    .split(',')
    .filter((pair) => pair.includes('='))
    .map((pair): [string, string] => {
      const [name = '', ...value] = pair.split('=')
      return [name.trim(), decodeURIComponent(value.join('=').trim())]
    })
  return async (spans) => {
    const scopeSpans = [{ scope: { name: 'scriptorium', version }, spans }]
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...Object.fromEntries(given), 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.arrayBuffer() // Otherwise the connection stays in use.
    if (!response.ok) throw new Error(`${url} answers with status ${response.status}`)
  }
}
