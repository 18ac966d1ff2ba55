import * as fc from 'fast-check'
import type { Schema } from './specification.ts'

/** Texts that have broken other services: each is tried wherever a text is allowed. */
const hostileTexts = Object.values({
  odd: ['', ' ', '\0', 'a\0b', '\r\nx-injected: yes', '\u202egnp.exe', '\ufeff', '\ud800', '𝕊𝕔𝕣'],
  long: ['a'.repeat(10_000), '9'.repeat(400), 'é'.repeat(3_000), '('.repeat(300)],
  encoded: ['%', '%00', '%zz', '%2e%2e%2f', '%ff', '&amp;', '\\u0000', '\u001b[31m'],
  paths: ['../../../../etc/passwd', '/etc/passwd', '..\\..\\x', 'a/../../b', 'file:///x', '~root'],
  sql: ["' OR 1=1 --", '"; DROP TABLE documents; --', '1; SELECT sqlite_version()', '\\', "'"],
  search: [
    'NEAR("a" "b", 5)',
    'a AND',
    'NOT a',
    'text : a',
    '"open',
    '*',
    '^',
    '-',
    'a*b*',
    '{a b}',
  ],
  objects: ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'],
  code: ['<script>alert(1)</script>', '${7*7}', '{{7*7}}', '`id`', '$(id)', '| cat'],
  numbers: ['-1', '0', '1.5', '1e309', '-0', '0x10', 'NaN', 'Infinity', '9007199254740993', '٣'],
  values: ['null', 'undefined', 'true', '[]', '{}', '1-0', '0-0', '99999999999999999-0'],
}).flat()

export const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 30 }) },
)

const hostileNumber = fc.oneof(
  fc.constantFrom(-1, 0, 1.5, 1e21, 2 ** 31, 2 ** 53, -(2 ** 63), 1e-7, 1e308),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = [value]
  return value
}

/** Any JSON value, usually an invalid one. */
export const wrongValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  hostileNumber,
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], nested(500)),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Only addresses without a server: subscriptions and URL sources of a test reach nothing. */
const urls = Object.values({
  loopback: ['http://127.0.0.1:1/x', 'http://localhost:1/', 'http://[::1]:1/', 'https://0.0.0.0/'],
  private: ['http://169.254.169.254/latest/', 'http://10.0.0.1:1/', 'http://[::ffff:127.0.0.1]:1/'],
  odd: [
    'http://user:secret@127.0.0.1:1/',
    'http://2130706433:1/',
    'http://',
    'http:///x',
    'http://%',
  ],
}).flat()

/** Forged cursors: each is refused or leads to some position of the list, and breaks nothing. */
const cursors = [0, 1, -1, 1.5, 1e300, 2 ** 53, 'abc', '', '2026-01-01T00:00:00Z', null].map(
  (time) => Buffer.from(JSON.stringify({ time, id: 'd1' })).toString('base64url'),
)

/** Fields whose valid values are not in a schema. `wait` is kept short, so that a wait is not mistaken for a hang. */
const known: Record<string, fc.Arbitrary<unknown>> = {
  url: fc.constantFrom(...urls),
  wait: fc.constantFrom(0, 1),
  root: fc.constantFrom('scans', 'scans', 'elsewhere'),
  path: fc.constantFrom('', 'a', 'a/b', 'page.png', 'missing'),
  include: fc.constantFrom(['**/*.png'], ['!(a)'], ['{a,b}/**'], ['[']),
  exclude: fc.constantFrom(['**/x/**'], ['+(a|b)'], ['(((((((']),
  sha256: fc.constantFrom('0'.repeat(64), 'f'.repeat(64)),
  q: fc.constantFrom('page', 'a b', '"a b"', 'a*', '-a b'),
  variables: fc.constantFrom({}, { tessedit_do_invert: '0' }, { load_system_dawg: '0' }),
  languages: fc.constantFrom(['eng'], ['eng', 'eng'], ['xyz']),
  limit: fc.constantFrom(1, 2, 500),
  cursor: fc.constantFrom(...cursors),
}

/** A value that `schema` takes. */
export function valueOf(schema: Schema, field = ''): fc.Arbitrary<unknown> {
  const special = known[field]
  if (special !== undefined) return special
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => valueOf(one)))
  switch (schema.type) {
    case 'object':
      return objectOf(schema)
    case 'array': {
      const { minItems: minLength = 0, maxItems = 3, items = {} } = schema
      return fc.array(valueOf(items), { minLength, maxLength: Math.min(3, maxItems) })
    }
    case 'string':
      return textOf(schema)
    case 'integer':
    case 'number': {
      const { minimum: min = 0, maximum: max = 1_000 } = schema
      return schema.type === 'integer'
        ? fc.integer({ min, max })
        : fc.double({ min, max, noNaN: true })
    }
    case 'boolean':
      return fc.boolean()
    default:
      return fc.constant(null)
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema) {
  const fields = Object.entries(properties).map(([key, one]) => [key, valueOf(one, key)] as const)
  if (fields.length === 0 && typeof additionalProperties === 'object') {
    return fc.dictionary(fc.string({ maxLength: 10 }), valueOf(additionalProperties), {
      maxKeys: 3,
    })
  }
  return fc.record(Object.fromEntries(fields), { requiredKeys: required })
}

function textOf({ pattern, minLength = 0, maxLength = 50 }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  const most = Math.min(50, maxLength)
  return fc.oneof(
    fc.string({ unit: 'grapheme', minLength, maxLength: most }),
    hostileText.filter(({ length }) => length >= minLength && length <= most),
  )
}
