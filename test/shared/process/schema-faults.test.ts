import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { oneOf } from '../../../shared/process/one-of.ts'
import { faultsOf } from '../../../shared/process/schema-faults.ts'

const closed = { additionalProperties: false }
const messagesOf = (schema: TSchema, value: unknown): string[] =>
  [...faultsOf(Value.Errors(schema, value))].map(({ path, message }) => `${path} ${message}`)

test('a fault states the requirement that a value does not meet', () => {
  const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()])
  const hex = Type.String({ pattern: '^[0-9a-f]+$', maxLength: 4, examples: ['0a'] })
  const cases: [schema: TSchema, value: unknown, message: string][] = [
    [Type.Integer({ minimum: 1, maximum: 13 }), 14, 'must be an integer between 1 and 13'],
    [Type.Integer({ minimum: 1, maximum: 13 }), 1.5, 'must be an integer between 1 and 13'],
    [Type.Integer({ minimum: 1 }), 0, 'must be an integer of at least 1'],
    [Type.Integer({ maximum: 9 }), 10, 'must be an integer of at most 9'],
    [Type.Integer(), 'x', 'must be an integer'],
    [Type.Number({ exclusiveMinimum: 0 }), 0, 'must be a number greater than 0'],
    [Type.Number({ minimum: 0, maximum: 1 }), 2, 'must be a number between 0 and 1'],
    [Type.Boolean(), 'yes', 'must be true or false'],
    [Type.String({ minLength: 1, maxLength: 3 }), '', 'must be a string of 1 to 3 characters'],
    [Type.String({ maxLength: 1 }), 'ab', 'must be a string of at most 1 character'],
    [Type.String({ minLength: 2 }), 'a', 'must be a string of at least 2 characters'],
    [Type.String(), 1, 'must be a string'],
    [hex, 'xyz', 'must match ^[0-9a-f]+$, for example 0a'],
    [hex, '00000', 'must be a string of at most 4 characters'],
    [Type.String({ pattern: '^a$' }), 'b', 'must match ^a$'],
    [Type.Literal('path'), 'url', 'must be path'],
    [oneOf(['fast', 'best']), 'slow', 'must be one of fast, best'],
    [orNull(oneOf(['fast', 'best'])), 1, 'must be one of fast, best or null'],
    [orNull(Type.Integer({ minimum: 0 })), -1, 'must be an integer of at least 0 or null'],
    [Type.Array(Type.Null(), { maxItems: 2 }), {}, 'must be an array of at most 2 items'],
    [Type.Array(Type.Null(), { minItems: 1 }), [], 'must be an array of at least 1 item'],
    [
      Type.Array(Type.Null(), { uniqueItems: true }),
      [null, null],
      'must not contain the same value twice',
    ],
    [Type.Object({}), [], 'must be an object'],
    [Type.Object({}, { maxProperties: 1 }), { a: 1, b: 2 }, 'must have at most 1 properties'],
    [Type.Object({}, { minProperties: 1 }), {}, 'must have at least 1 properties'],
  ]
  for (const [schema, value, message] of cases) {
    assert.deepEqual(messagesOf(schema, value), [` ${message}`])
  }
})

test('properties are named: missing ones once, unknown ones with those that are known', () => {
  const schema = Type.Object(
    { a: Type.Integer(), b: Type.Optional(Type.Array(Type.Null())) },
    closed,
  )
  assert.deepEqual(messagesOf(schema, { c: 1, b: [null, 1] }), [
    '/a is required',
    '/c is not a known property; known are a, b',
    '/b/1 must be null',
  ])
  const record = Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Null(), closed)
  assert.deepEqual(messagesOf(record, { A: null }), [
    '/A has an invalid name: it must match ^[a-z]+$',
  ])
})

test('of a union of objects, the faults are those of the object that the value was meant for', () => {
  const tagged = Type.Union([
    Type.Object({ type: Type.Literal('path'), path: Type.String() }, closed),
    Type.Object({ type: Type.Literal('url'), url: Type.String({ minLength: 1 }) }, closed),
  ])
  assert.deepEqual(messagesOf(tagged, { type: 'url', url: '' }), [
    '/url must be a string of at least 1 character',
  ])
  assert.deepEqual(messagesOf(tagged, { type: 'ftp' }), ['/type must be one of path, url'])
  assert.deepEqual(messagesOf(tagged, 1), [' must be an object'])
  const orNull = Type.Union([Type.Object({ code: Type.String() }), Type.Null()])
  assert.deepEqual(messagesOf(orNull, { code: 1 }), ['/code must be a string'])
  assert.deepEqual(messagesOf(orNull, 1), [' must be an object or null'])
})
