import assert from 'node:assert/strict'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** As much of JSON Schema as the API's document uses. */
export interface Schema {
  $ref?: string
  type?: string
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  minItems?: number
  maxItems?: number
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  schema: Schema
}

/** Valid requests and answers of one path and method. */
export interface Operation {
  id: string
  method: string
  /** With `{id}` where an id goes. */
  path: string
  parameters: Parameter[]
  /** By media type. */
  bodies: Map<string, Schema>
}

interface Described {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, unknown> }>
}

interface Document {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

/** An OpenAPI document for a fuzzer: generators of requests, and a validator of answers. */
export interface Specification {
  operations: Operation[]
  /** Throws where an answer is not one that the operation documents. Problems are documented for all. */
  judge: (operation: Operation, status: number, mediaType: string, body: string) => void
  judgeProblem: (status: number, mediaType: string, body: string) => void
}

const name = 'openapi.json'

export function readSpecification(document: Document): Specification {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false })
  ajv.addSchema({ ...document, $id: name }, name, false, false)
  const compiled = new Map<string, ValidateFunction>()
  const check = (pointer: string, value: unknown): void => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `${name}#${pointer}` })
    compiled.set(pointer, validate)
    assert.ok(validate(value), `${pointer}: ${ajv.errorsText(validate.errors)}`)
  }
  const judgeProblem = (status: number, mediaType: string, body: string): void => {
    assert.equal(mediaType, 'application/problem+json')
    const problem = JSON.parse(body) as { status: number }
    check('/components/schemas/Problem', problem)
    assert.equal(problem.status, status)
  }
  const judge: Specification['judge'] = ({ path, method }, status, mediaType, body) => {
    if (status >= 400) return judgeProblem(status, mediaType, body)
    const { responses } = describedIn(document, path, method)
    const response = responses[status]
    assert.ok(response, `the status ${status} is not documented`)
    if (response.content === undefined) return assert.equal(body, '')
    assert.ok(mediaType in response.content, `${mediaType} is not documented for ${status}`)
    if (mediaType !== 'application/json') return
    const place = ['paths', path, method, 'responses', String(status), 'content', mediaType]
    check(`/${[...place, 'schema'].map(toPointer).join('/')}`, JSON.parse(body))
  }
  return { operations: operationsOf(document), judge, judgeProblem }
}

function describedIn({ paths }: Document, path: string, method: string): Described {
  const described = paths[path]?.[method]
  assert.ok(described, `${method} ${path} is not documented`)
  return described
}

const toPointer = (part: string): string =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

function operationsOf({ paths, components }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      id: described.operationId,
      method,
      path,
      parameters: described.parameters ?? [],
      bodies: new Map(
        Object.entries(described.requestBody?.content ?? {}).map(([type, { schema }]) => [
          type,
          resolve(schema, components.schemas),
        ]),
      ),
    })),
  )
}

function resolve(schema: Schema, schemas: Record<string, Schema>): Schema {
  const [, found] = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? '') ?? []
  return found === undefined ? schema : (schemas[found] ?? schema)
}
