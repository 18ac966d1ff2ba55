import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import { startApi } from '../../../helpers/api/api.ts'

type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const api = await startApi({ after })
const { body: document } = await api.call<Node>('GET', '/openapi.json')
const schemas = nodeAt(nodeAt(document, 'components'), 'schemas')

function nodeAt(node: Node, name: string): Node {
  const found = node[name]
  return isNode(found) ? found : {}
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The schema, with that of its reference below it. */
function resolve(schema: Node): Node {
  const name = textOf(schema['$ref']).split('/').at(-1) ?? ''
  return { ...nodeAt(schemas, name), ...schema }
}

/** A schema and those inside it, without following references. */
function* within(schema: unknown, place: string): Generator<[string, Node]> {
  if (!isNode(schema)) return
  yield [place, schema]
  for (const [name, part] of Object.entries(nodeAt(schema, 'properties'))) {
    yield* within(part, `${place}/${name}`)
  }
  yield* within(schema['items'], `${place}/items`)
  yield* within(schema['additionalProperties'], `${place}/*`)
  for (const word of ['anyOf', 'oneOf', 'allOf']) {
    const branches = schema[word]
    if (!Array.isArray(branches)) continue
    for (const [index, branch] of branches.entries()) {
      yield* within(branch, `${place}/${word}/${index}`)
    }
  }
}

interface Named {
  place: string
  schema: Node
}

/** Every property of every schema. */
function findProperties(): Named[] {
  const roots: [string, unknown][] = Object.entries(schemas)
  for (const { place, operation } of operations()) {
    for (const [kind, holder] of [
      ['body', nodeAt(operation, 'requestBody')],
      ...Object.entries(nodeAt(operation, 'responses')),
    ] satisfies [string, unknown][]) {
      for (const [type, media] of Object.entries(nodeAt(isNode(holder) ? holder : {}, 'content'))) {
        if (isNode(media)) roots.push([`${place} ${kind} ${type}`, media['schema']])
      }
    }
  }
  return roots.flatMap(([name, root]) =>
    [...within(root, name)].flatMap(([place, schema]) =>
      Object.entries(nodeAt(schema, 'properties')).flatMap(([property, part]) =>
        isNode(part) ? [{ place: `${place}/${property}`, schema: part }] : [],
      ),
    ),
  )
}

function* operations(): Generator<{ place: string; operation: Node }> {
  for (const [path, methods] of Object.entries(nodeAt(document, 'paths'))) {
    for (const [method, operation] of Object.entries(isNode(methods) ? methods : {})) {
      if (isNode(operation)) yield { place: `${method} ${path}`, operation }
    }
  }
}

function findParameters(): Named[] {
  return [...operations()].flatMap(({ place, operation: { parameters } }) =>
    (Array.isArray(parameters) ? parameters : [])
      .filter(isNode)
      .map((parameter) => ({ place: `${place} ${textOf(parameter['name'])}`, schema: parameter })),
  )
}

const properties = findProperties()
const parameters = findParameters()

test('every property and every parameter has a description', () => {
  assert.ok(properties.length > 200 && parameters.length > 40)
  const bare = [...properties, ...parameters].filter(
    ({ schema }) => textOf(resolve(schema)['description']).trim().length < 4,
  )
  assert.deepEqual(
    bare.map(({ place }) => place),
    [],
  )
})

test('every operation, body and response has a description', () => {
  for (const { place, operation } of operations()) {
    assert.ok(operation['description'], place)
    if ('requestBody' in operation) {
      const body = nodeAt(operation, 'requestBody')
      const [media] = Object.values(nodeAt(body, 'content'))
      const schema = isNode(media) ? resolve(nodeAt(media, 'schema')) : {}
      assert.ok(body['description'] ?? schema['description'], place)
    }
    for (const [status, response] of Object.entries(nodeAt(operation, 'responses'))) {
      assert.ok(isNode(response) && (response['$ref'] ?? response['description']), status)
    }
  }
})

/** Words that state a range where stored values are validated by no keyword. */
const rangeInWords = /\d or more|-?\d+ to -?\d+/

test('every number has a range and every value an example', () => {
  const bare = [...properties, ...parameters].filter(({ schema: given }) => {
    const holder = isNode(given['schema']) ? { ...given, ...given['schema'] } : given
    const parts = [...within(holder, '')].map(([, part]) => part)
    const hasNumber = parts.some(
      ({ type, ...part }) => (type === 'number' || type === 'integer') && !('enum' in part),
    )
    const hasRange =
      parts.some((part) => 'minimum' in part || 'maximum' in part) ||
      rangeInWords.test(textOf(holder['description']))
    const needsExample = parts.some(
      ({ type, ...part }) =>
        (type === 'string' || type === 'number' || type === 'integer') &&
        !('enum' in part) &&
        part['format'] !== 'binary',
    )
    const hasExample = parts.some((part) => 'examples' in part || 'example' in part)
    const isComposite = parts.some((part) => 'properties' in part)
    return !isComposite && ((hasNumber && !hasRange) || (needsExample && !hasExample))
  })
  assert.deepEqual(
    bare.map(({ place }) => place),
    [],
  )
})

test('every example is valid', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const resolved = JSON.parse(
    JSON.stringify(schemas).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as Node
  const check = (schema: unknown, examples: unknown, place: string): void => {
    if (!Array.isArray(examples)) return
    const text = JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')
    const validate = ajv.compile({ ...(JSON.parse(text) as Node), $defs: resolved } as AnySchema)
    for (const example of examples) {
      assert.ok(validate(example), `${place}: ${ajv.errorsText(validate.errors)}`)
    }
  }
  for (const { place, schema } of properties) check(schema, schema['examples'], place)
  for (const { place, schema } of parameters) {
    const given = nodeAt(schema, 'schema')
    check(given, given['examples'] ?? [schema['example']], place)
  }
})
