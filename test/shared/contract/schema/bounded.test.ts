import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Kind, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { boundedRecord } from '../../../../shared/contract/schema/bounded.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { metadataSchema } from '../../../../shared/contract/messages/run-request.ts'
import { recipeSchema } from '../../../../shared/contract/recipe.ts'
import { unboundedIn } from '../../../helpers/api/unbounded.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const sources = ['shared', 'services', 'workers'].flatMap((folder) =>
  globSync(`${folder}/**/*.ts`, { cwd: repository }),
)

/** Every schema that a module exports, by its name. */
async function schemasOf(source: string): Promise<[string, unknown][]> {
  const text = readFileSync(join(repository, source), 'utf8')
  // Programs and threads run when they are imported.
  if (!text.includes("'@sinclair/typebox'") || /(main|thread)\.ts$/.test(source)) return []
  const exported: object = await import(join(repository, source))
  return Object.entries(exported).filter(
    ([, value]) => typeof value === 'object' && value !== null && Kind in value,
  )
}

test('every exported schema bounds each of its strings, lists and records', async () => {
  let count = 0
  for (const source of sources) {
    for (const [name, schema] of await schemasOf(source)) {
      count += 1
      assert.deepEqual(unboundedIn(schema, `${source} ${name}`), [])
    }
  }
  assert.ok(count > 40, `${count} schemas`)
})

test('no source file builds an unbounded string, list or record, exported or not', () => {
  const unbounded = /Type\.(String\(\)|Array\([^{]*\)$|Record\(|Any\(|Unknown\()/m
  for (const source of sources) {
    if (source === 'shared/contract/schema/bounded.ts') continue
    const [found] = unbounded.exec(readFileSync(join(repository, source), 'utf8')) ?? []
    assert.equal(found, undefined, source)
  }
})

test('the schema walk finds unbounded parts', () => {
  const place = (schema: unknown): string[] => unboundedIn(schema)
  assert.equal(place(Type.Object({ a: Type.Optional(Type.String()) })).length, 1)
  assert.equal(place(Type.Array(Type.Integer())).length, 1)
  assert.equal(place(Type.Union([Type.String({ pattern: '^a+$' }), Type.Null()])).length, 1)
  // TypeBox 0.34 compiles it to a pattern that accepts any key.
  const record = Type.Record(Type.String({ maxLength: 10 }), Type.Integer(), { maxProperties: 9 })
  assert.equal(place(record).length, 1)
  assert.ok(TypeCompiler.Compile(record).Check({ ['a'.repeat(1_000)]: 1 }))
})

test('a record rejects long keys, too many keys, and long values', () => {
  const check = TypeCompiler.Compile(boundedRecord(Type.String({ maxLength: 3 }), 10, 2))
  assert.ok(check.Check({ ['a'.repeat(10)]: 'abc', 'line\nbreak': '' }))
  assert.ok(!check.Check({ ['a'.repeat(11)]: 'abc' }))
  assert.ok(!check.Check({ a: 'abcd' }))
  assert.ok(!check.Check({ a: '', b: '', c: '' }))
})

test('metadata and engine variables reject unbounded keys', () => {
  const key = 'k'.repeat(8_000_000)
  const parseMetadata = createParser('metadata', metadataSchema)
  const parseRecipe = createParser('a recipe', Type.Partial(recipeSchema))
  assert.throws(
    () => parseMetadata({ [key]: '' }),
    ({ message }: Error) => message.length < 10_000,
  )
  assert.throws(
    () => parseRecipe({ variables: { [key]: '' } }),
    ({ message }: Error) => message.length < 10_000,
  )
})
