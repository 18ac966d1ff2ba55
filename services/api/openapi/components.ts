export type Node = Record<string, unknown>

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The objects of an object, changed. */
export const mapNodes = (parts: unknown, change: (part: Node, name: string) => Node): Node =>
  Object.fromEntries(
    Object.entries(isNode(parts) ? parts : {}).map(([name, part]) => [
      name,
      isNode(part) ? change(part, name) : part,
    ]),
  )

/**
 * Moves every schema with a `title` to the components and leaves a reference, so that it is described once and generated
 * clients have a name for its type. Unions of constants become one `enum`. Throws where two different schemas have one
 * title.
 */
export function toComponents(
  paths: unknown,
  known: unknown,
): { paths: unknown; schemas: Record<string, unknown> } {
  const schemas: Node = {}
  const refer = ({ title, ...schema }: Node & { title: string }): Node => {
    const before = schemas[title] ?? schema
    if (textOf(before) !== textOf(schema)) throw new Error(`two schemas have the title ${title}`)
    schemas[title] = before
    const { description } = schema
    const isOwn = isNode(before) && before['description'] !== description
    return { $ref: `#/components/schemas/${title}`, ...(isOwn && { description }) }
  }
  /** Names of properties are no keywords. */
  const visitAll = (parts: Node, areKeywords = true): Node =>
    Object.fromEntries(
      Object.entries(parts).map(([key, part]) => [key, visit(part, areKeywords ? key : '')]),
    )
  const visit = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => visit(each, ''))
    if (!isNode(value) || ['example', 'examples', 'default'].includes(key)) return value
    const { properties, ...others } = value
    const node = toEnum({
      ...visitAll(others),
      ...(isNode(properties) && { properties: visitAll(properties, false) }),
    })
    const { title } = node
    return typeof title === 'string' ? refer({ ...node, title }) : node
  }
  const visited = visit(paths, '')
  for (const [title, schema] of Object.entries(isNode(known) ? known : {})) {
    schemas[title] = visit(schema, '')
  }
  const sorted = Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { paths: visited, schemas: Object.fromEntries(sorted) }
}

/** A schema without its description: one place may say more about it than another. */
const textOf = (schema: unknown): string =>
  JSON.stringify(isNode(schema) ? { ...schema, description: undefined } : schema)

interface Constant {
  type: unknown
  enum: unknown[]
}

const isConstant = (value: unknown): value is Constant =>
  isNode(value) && Array.isArray(value['enum']) && Object.keys(value).length === 2

/** `anyOf` of constants of one type as one `enum`. */
function toEnum(node: Node): Node {
  const { anyOf, ...others } = node
  if (!Array.isArray(anyOf)) return node
  const constants = anyOf.filter(isConstant)
  const types = [...new Set(constants.map(({ type }) => type))]
  if (constants.length < anyOf.length || types.length !== 1) return node
  return { ...others, type: types[0], enum: constants.flatMap((constant) => constant.enum) }
}
