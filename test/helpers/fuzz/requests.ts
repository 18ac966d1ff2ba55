import * as fc from 'fast-check'
import { fileBody, jsonBody, mediaType, type Body } from './bodies.ts'
import type { Operation, Parameter } from './specification.ts'
import { hostileText, valueOf } from './values.ts'

/** A request as it goes over the wire. */
export interface FuzzRequest {
  method: string
  path: string
  headers: Record<string, string>
  content?: Buffer | undefined
}

/** Records of a service that requests can refer to. */
export interface Stock {
  /** Ids by the noun before them in a path: `documents`, `runs`, `webhooks`. */
  ids: Map<string, string[]>
  pages: Buffer[]
  /** A file larger than the service takes. */
  tooLarge: Buffer
}

/** Requests for one operation: from right ones to nonsense. */
export function requestFor(operation: Operation, stock: Stock): fc.Arbitrary<FuzzRequest> {
  const { method, path, parameters, bodies } = operation
  const query = parameters.filter((parameter) => parameter.in === 'query')
  return fc
    .record({
      id: idFor(path, stock),
      query: fc.tuple(...query.map(queryPart)).map((parts) => parts.flat()),
      more: fc.oneof({ weight: 6, arbitrary: fc.constant('') }, fc.constantFrom(...oddQueries)),
      headers: oddHeaders,
      body: bodyFor(bodies, stock),
    })
    .map(({ id, query: parts, more, headers, body }) => {
      const asked = [...parts, more].filter((part) => part !== '').join('&')
      return {
        method: method.toUpperCase(),
        path: path.replaceAll('{id}', id) + (asked === '' ? '' : `?${asked}`),
        headers: { ...(body.type !== undefined && { 'content-type': body.type }), ...headers },
        content: body.content,
      }
    })
}

function idFor(path: string, { ids }: Stock): fc.Arbitrary<string> {
  const known = ids.get(path.split('/')[2] ?? '') ?? []
  if (!path.includes('{id}')) return fc.constant('')
  const other = hostileText.map(encode).filter((id) => id !== '')
  if (known.length === 0) return other
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...known) },
    { weight: 3, arbitrary: other },
  )
}

function bodyFor(bodies: Operation['bodies'], { pages, tooLarge }: Stock): fc.Arbitrary<Body> {
  const schema = bodies.get('application/json')
  if (schema === undefined) {
    // The route has no body: an unexpected one must do no harm.
    const unasked = fc.record({ type: mediaType, content: fc.constant(Buffer.from('{"a":1}')) })
    return fc.oneof({ weight: 6, arbitrary: fc.constant<Body>({}) }, unasked)
  }
  if (!bodies.has('multipart/form-data')) return jsonBody(schema)
  return fc.oneof(jsonBody(schema), { weight: 2, arbitrary: fileBody(pages, tooLarge) })
}

function queryPart({ name, schema }: Parameter): fc.Arbitrary<string[]> {
  const pair = (value: unknown): string => `${name}=${encode(String(value))}`
  const right = valueOf(schema, name).map((value) => [pair(value)])
  // A longer wait than a second is as valid, but would only slow the test.
  const isShort = (text: string): boolean => name !== 'wait' || !/^\s*[+]?0*[1-9]\d*\s*$/.test(text)
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant<string[]>([]) },
    { weight: 6, arbitrary: right },
    { weight: 1, arbitrary: hostileText.filter(isShort).map((text) => [pair(text)]) },
    { weight: 1, arbitrary: right.map((parts) => [...parts, ...parts]) },
  )
}

const oddQueries = Object.values({
  objects: ['__proto__=1', 'constructor=1', '__proto__[a]=1', 'a[]=1'],
  marks: ['&&&', '=', '?', '%', '%zz=%zz', '%00', ';', '#', 'limit=1&limit=x'],
  long: ['a'.repeat(5_000), 'x=1&'.repeat(500)],
}).flat()

/** `encodeURIComponent` throws on half a surrogate pair; a client would send its replacement character. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed())

const headers: Record<string, string[]> = {
  accept: [
    '*/*',
    '',
    'application/json',
    'text/plain',
    'text/html',
    'text/event-stream',
    '*',
    ',,,',
  ],
  Accept: ['application/json;q=0', ';q=1', 'a/b'.repeat(1_000), 'text/*;q=x', 'image/png'],
  'content-encoding': ['gzip', 'br', 'identity', 'zip-bomb'],
  'content-disposition': ['attachment; filename="../../x"', "filename*=utf-8''%ff", 'filename="'],
  range: ['bytes=0-0', 'bytes=-1', 'bytes=5-2', 'lines=1', 'bytes=0-1,2-3,4-99999999999'],
  'if-none-match': ['*', '""', 'W/"x"', 'x'.repeat(5_000)],
  'idempotency-key': ['', 'a', 'a', 'b'.repeat(201), '__proto__', '\u00ff\u00fe'],
  'last-event-id': ['0-0', '1-0', '-', '99999999999999999999-1', '9'.repeat(100), '0-0; x', ''],
  'x-request-id': ['mine', 'a b', '\u00ff', 'x'.repeat(200), '../../x'],
  authorization: ['Bearer x', 'Bearer', 'Basic eDp5', 'Bearer '.repeat(500)],
  origin: ['http://evil.example', 'null', '', 'http://localhost', '\u00ff'],
  expect: ['100-continue', '200-ok'],
  host: ['localhost', 'evil.example', '', '127.0.0.1:99999', '[::1]', '\u00ff', 'localhost:x'],
  upgrade: ['websocket', 'h2c'],
  'x-forwarded-for': ['1.2.3.4', '__proto__', 'x'.repeat(3_000)],
  'x-http-method-override': ['DELETE'],
}

type Headers = Record<string, string>

const oddHeaders: fc.Arbitrary<Headers> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Headers>({}) },
  { weight: 3, arbitrary: oneHeader(Object.keys(headers)) },
  // Clients send a valid Host: invalid ones are tested alone.
  {
    weight: 1,
    arbitrary: fc
      .array(oneHeader(Object.keys(headers).filter((name) => name !== 'host')), { maxLength: 6 })
      .map((all): Headers => Object.assign({}, ...all)),
  },
)

function oneHeader(names: readonly string[]): fc.Arbitrary<Headers> {
  return fc
    .constantFrom(...names)
    .chain((name) =>
      fc.constantFrom(...(headers[name] ?? [''])).map((value) => ({ [name]: value })),
    )
}
