/** One limit of the service, as its metrics show it. */
export interface Limit {
  name: string
  used: number
  limit: number
  refused: number
}

const line = /^scriptorium_limit(_used|_refused_total)?\{limit="(\w+)"\} (\S+)$/gm

/** The limits in the Prometheus text of `/metrics`. */
export function readLimits(metrics: string): Limit[] {
  const limits = new Map<string, Limit>()
  for (const [, kind, name = '', value] of metrics.matchAll(line)) {
    const limit = limits.get(name) ?? { name, used: 0, limit: 0, refused: 0 }
    const amount = Number(value)
    if (kind === undefined) limit.limit = amount
    else if (kind === '_used') limit.used = amount
    else limit.refused = amount
    limits.set(name, limit)
  }
  return [...limits.values()]
}
