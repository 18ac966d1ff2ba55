import * as fc from 'fast-check'
import type { Schema } from './specification.ts'
import { hostileText, valueOf, wrongValue } from './values.ts'

/** A request's body and its name; `undefined` without a body or a name. */
export interface Body {
  type?: string
  content?: Buffer
}

type Path = (string | number)[]

const json = 'application/json'
const asJson = (text: string): Body => ({ type: json, content: Buffer.from(text) })

/** JSON bodies: valid ones, ones with a single fault, and ones of another form. */
export function jsonBody(schema: Schema): fc.Arbitrary<Body> {
  const right = valueOf(schema)
  return fc.oneof(
    { weight: 4, arbitrary: right.map((value) => asJson(toText(value))) },
    { weight: 5, arbitrary: fc.tuple(right, fc.nat(), edit).map(spoil) },
    { weight: 2, arbitrary: wrongValue.map((value) => asJson(toText(value))) },
    { weight: 1, arbitrary: fc.constantFrom(...brokenTexts).map(asJson) },
    { weight: 1, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.record({ type: mediaType, content: fc.constant(Buffer.from('{}')) }),
    },
  )
}

const mediaTypes = Object.values({
  json: [json, 'application/json; charset=utf-16', 'application/json;', 'APPLICATION/JSON', 'json'],
  text: ['text/plain', 'text/html', 'application/xml', 'application/x-www-form-urlencoded', ';'],
  form: ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/mixed; boundary=x'],
  file: ['image/png', 'image/svg+xml', 'image/*', '*/*', 'application/pdf', 'a/b/c'],
}).flat()
export const mediaType = fc.constantFrom(...mediaTypes)

const brokenTexts = Object.values({
  cut: ['', '{', '{"a":', 'nul', '[1,]', "{'a':1}", '{"a":1}{', '\ufeff{}', '\0', '[[[[[[[['],
  values: ['"\ud800"', '1e999', 'NaN', 'undefined', '{"a":1,"a":2}'],
  objects: ['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}'],
  deep: ['['.repeat(100_000), `{"a":${'[1,'.repeat(50_000)}1`],
}).flat()

type Edit = { kind: 'replace'; value: unknown } | { kind: 'remove' } | { kind: 'add'; name: string }

const edit: fc.Arbitrary<Edit> = fc.oneof(
  wrongValue.map((value): Edit => ({ kind: 'replace', value })),
  fc.constant<Edit>({ kind: 'remove' }),
  hostileText.map((name): Edit => ({ kind: 'add', name })),
)

/** Changes one thing, anywhere in the value. */
function spoil([value, where, change]: [unknown, number, Edit]): Body {
  const copy: unknown = structuredClone({ value })
  const places = pathsIn(copy, [])
  const place = places[where % places.length] ?? []
  const parent = place.slice(0, -1).reduce<unknown>((at, key) => Reflect.get(Object(at), key), copy)
  const key = place.at(-1)
  if (typeof parent !== 'object' || parent === null || key === undefined)
    return asJson(toText(value))
  if (change.kind === 'remove') Reflect.deleteProperty(parent, key)
  else if (change.kind === 'replace') Reflect.set(parent, key, change.value)
  // JSON drops named properties of a list, and the name may be that of its length.
  else if (Array.isArray(parent)) parent.push(change.name)
  // A plain assignment to __proto__ would change the prototype and leave no property.
  else Object.defineProperty(parent, change.name, { value: 1, enumerable: true })
  return asJson(toText(Reflect.get(Object(copy), 'value')))
}

function pathsIn(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Object.entries(value).flatMap(([key, one]) => pathsIn(one, [...path, key]))
  return path.length === 0 ? inner : [path, ...inner]
}

/** JSON has no undefined: a value that became so is left out altogether. */
const toText = (value: unknown): string => JSON.stringify(value) ?? ''

/** Bodies of files: those of `pages`, damaged ones, and multipart that holds them, damaged too. */
export function fileBody(pages: readonly Buffer[], tooLarge: Buffer): fc.Arbitrary<Body> {
  const [first = Buffer.alloc(0)] = pages
  const content = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pages) },
    fc.constantFrom(
      first.subarray(0, 20),
      first.subarray(0, -20),
      Buffer.alloc(0),
      Buffer.alloc(50),
    ),
    fc.constantFrom(
      tooLarge,
      Buffer.from('%PDF-1.7\n'),
      Buffer.from('<svg/>'),
      Buffer.from('GIF89a'),
    ),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  )
  const type = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('image/png', 'application/octet-stream') },
    mediaType,
  )
  return fc.oneof(fc.record({ type, content }), multipartBody(content))
}

interface Part {
  name: string
  file: string | undefined
  type: string
  content: Buffer
}

function multipartBody(content: fc.Arbitrary<Buffer>): fc.Arbitrary<Body> {
  const part: fc.Arbitrary<Part> = fc.record({
    name: fc.oneof(
      { weight: 4, arbitrary: fc.constant('files') },
      fc.constant('options'),
      hostileText,
    ),
    file: fc.option(fc.oneof(fc.constant('page.png'), hostileText), { nil: undefined }),
    type: fc.constantFrom('image/png', 'application/json', 'text/plain', 'multipart/form-data', ''),
    content: fc.oneof(
      { weight: 4, arbitrary: content },
      wrongValue.map((value) => Buffer.from(toText(value))),
    ),
  })
  const parts = fc.oneof(
    { weight: 5, arbitrary: fc.array(part, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.tuple(part, fc.integer({ min: 10, max: 200 })).map(repeat) },
  )
  const cut = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 80 }))
  const boundary = fc.constantFrom(
    'x',
    'x',
    'x',
    'y',
    '',
    '"x"',
    'x; charset=utf-8',
    'x'.repeat(80),
  )
  return fc.tuple(parts, cut, boundary).map(([all, missing, named]) => {
    const whole = Buffer.concat([...all.map(toPart), Buffer.from('--x--\r\n')])
    return {
      type: `multipart/form-data; boundary=${named}`,
      content: whole.subarray(0, whole.length - missing),
    }
  })
}

const repeat = ([part, times]: [Part, number]): Part[] =>
  Array.from({ length: times }, () => ({ ...part, content: part.content.subarray(0, 100) }))

function toPart({ name, file, type, content }: Part): Buffer {
  const filename = file === undefined ? '' : `; filename="${file}"`
  const typed = type === '' ? '' : `Content-Type: ${type}\r\n`
  const head = `--x\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n${typed}\r\n`
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n')])
}
