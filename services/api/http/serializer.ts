import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

type Factory = ReturnType<typeof SerializerSelector>
type Serializer = ReturnType<ReturnType<Factory>>

/**
 * Compiles all response schemas at the start: by default, the first response of each route compiles its unions, which
 * blocked the event loop for 100 ms. Routes with equal schemas share a serializer.
 */
export function createSerializers(): Factory {
  const build = SerializerSelector()
  const compiled = new Map<string, Serializer>()
  // Fastify requests a compiler for each route.
  return (known, options) => {
    const compile = build(simplify(known), { ...options, compileValidators: true })
    return (route) => {
      const schema = simplify(route.schema)
      const key = JSON.stringify([Object.keys(known ?? {}), schema])
      const serializer = compiled.get(key) ?? compile({ ...route, schema })
      compiled.set(key, serializer)
      return serializer
    }
  }
}

interface Branch {
  type?: unknown
  const?: unknown
}

/**
 * Replaces unions of constants, and unions with null, by their plain type: serialising one of their values needs no
 * check.
 */
function simplify(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(simplify)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.entries(schema).map(([name, part]): [string, unknown] => [
    name,
    simplify(part),
  ])
  const { anyOf, ...others } = Object.fromEntries(parts)
  if (!Array.isArray(anyOf)) return Object.fromEntries(parts)
  const branches: Branch[] = anyOf
  const filled = branches.filter(({ type }) => type !== 'null')
  const isNullable = filled.length < branches.length && { nullable: true }
  const [first] = filled
  if (first?.type === undefined) return { ...others, anyOf }
  if (filled.length === 1) return { ...others, ...first, ...isNullable }
  const isOneType = filled.every(
    ({ type, const: value }) => type === first.type && value !== undefined,
  )
  return { ...others, ...(isOneType ? { type: first.type, ...isNullable } : { anyOf }) }
}
