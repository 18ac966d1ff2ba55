import type { FastifyInstance } from 'fastify'
import { InvalidRequest } from './problem.ts'

/**
 * Rejects unknown query parameters: a misspelt one would be ignored, and the answer would be wrong. Throws
 * `malformed_request` with the parameter that was probably meant.
 */
export function installQueryGuard(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ query, routeOptions, is404 }) => {
    if (is404 || routeOptions.config.isPage === true) return
    if (routeOptions.url?.startsWith('/docs') === true) return // Its files have versions in their queries.
    const known = parametersOf(routeOptions.schema?.querystring)
    const unknown = namesOf(query).filter((name) => !known.includes(name))
    if (unknown.length === 0) return
    throw new InvalidRequest(
      'malformed_request',
      unknown
        .slice(0, maxNamed)
        .map((name) => ({ path: `/${name.slice(0, maxShown)}`, message: explain(name, known) })),
    )
  })
}

const maxNamed = 20
const maxShown = 100

const parametersOf = (schema: unknown): string[] =>
  typeof schema === 'object' && schema !== null && 'properties' in schema
    ? namesOf(schema.properties)
    : []

const namesOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.keys(value) : []

function explain(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'is not a parameter of this route, which has none'
  const near = nearestOf(name, known)
  const cure = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
  return `is not a parameter of this route; ${cure}`
}

const maxDistance = 2

function nearestOf(name: string, known: readonly string[]): string | undefined {
  const plain = name.toLowerCase().replaceAll(/[-_]/g, '')
  const near = known
    .map((candidate) => ({ candidate, distance: distanceOf(plain, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= maxDistance && distance < candidate.length)
    .toSorted((a, b) => a.distance - b.distance)
  return near[0]?.candidate
}

/** Number of edits between two words (Levenshtein); words of very different length are not compared. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > maxDistance) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j += 1) {
      const [left = 0, above = 0, before = 0] = [next[j], row[j + 1], row[j]]
      next.push(Math.min(left + 1, above + 1, before + (a[i] === b[j] ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? Infinity
}
