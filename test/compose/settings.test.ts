import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  aggregatorSchema,
  apiSchema,
  readConfig,
  workerSchema,
} from '../../shared/process/config.ts'
import { repository } from '../helpers/processes/processes.ts'

const read = (name: string): string => readFileSync(join(repository, name), 'utf8')
const composeFile = read('docker-compose.yml')

/** `${NAME:-default}` in docker-compose.yml: all occurrences of a variable have one default. */
function composeSettings(): Map<string, string> {
  const settings = new Map<string, string>()
  for (const [, name = '', value = ''] of composeFile.matchAll(/\$\{([A-Z_]+)(?::-([^}]*))?\}/g)) {
    assert.equal(settings.get(name) ?? value, value, `${name} has two defaults`)
    settings.set(name, value)
  }
  return settings
}

test('.env.example has every setting of docker-compose.yml with its default, and no other', () => {
  const lines = read('.env.example').matchAll(/^#([A-Z_]+)=(.*)$/gm)
  const example = Object.fromEntries([...lines].map(([, name, value]) => [name, value]))
  assert.deepEqual(example, Object.fromEntries(composeSettings()))
})

test('An omitted setting has the same default in a container as outside', () => {
  const services = { api: apiSchema, aggregator: aggregatorSchema, worker: workerSchema }
  for (const [name, value] of composeSettings()) {
    for (const [service, schema] of Object.entries(services)) {
      if (!(name in schema.properties) || name === 'REDIS_URL') continue
      const bare: Record<string, unknown> = readConfig(schema, {})
      const given: Record<string, unknown> = readConfig(schema, { [name]: value })
      assert.deepEqual(given[name], bare[name], `${name} of ${service}`)
    }
  }
})

test('Every variable that docker-compose.yml passes on is read by a process', () => {
  const known = new Set(
    [apiSchema, aggregatorSchema, workerSchema].flatMap(({ properties }) =>
      Object.keys(properties),
    ),
  )
  // Of ingest, which reads its flags from the environment too.
  for (const name of ['SCRIPTORIUM_OUT', 'SCRIPTORIUM_INGEST_COMMAND']) known.add(name)
  const handed = [...composeFile.matchAll(/^ {2,6}((?:SCRIPTORIUM|REDIS)_[A-Z_]+): /gm)]
  assert.ok(handed.length > 20)
  for (const [, name = ''] of handed) assert.ok(known.has(name), name)
})
