import { Counter, Gauge, type Registry } from 'prom-client'
import type { ServiceLimits } from '../limits/limits.ts'

interface Deps {
  limits: ServiceLimits
  registers: Registry[]
}

/**
 * Exports each limit by name: its value, its use, and how often it was reached. Returns a function that updates them.
 */
export function createLimitMetrics({ limits, registers }: Deps): () => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['limit'], registers })
  const limit = gauge('scriptorium_limit', 'Value of the limit')
  const used = gauge('scriptorium_limit_used', 'Present use of the limit')
  const refused = new Counter({
    name: 'scriptorium_limit_refused_total',
    help: 'Requests refused by the limit',
    labelNames: ['limit'],
    registers,
  })
  return () => {
    refused.reset()
    for (const { name, ...figures } of limits.figures()) {
      limit.set({ limit: name }, figures.limit)
      used.set({ limit: name }, figures.used)
      refused.inc({ limit: name }, figures.refused)
    }
  }
}
