import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { definitions } from '../../../../services/api/limits/limits.ts'
import {
  composeSettings,
  defaultsOfCompose,
} from '../../../../scripts/tools/configuration/compose-settings.ts'
import { exampleFile } from '../../../../scripts/tools/configuration/example.ts'
import { configurationPage } from '../../../../scripts/tools/configuration/page.ts'
import { settingRows } from '../../../../scripts/tools/configuration/setting-rows.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const read = (name: string): string => readFileSync(join(repository, name), 'utf8')
const defaults = defaultsOfCompose(read('docker-compose.yml'))
const rows = [...settingRows().values()].flat()

test('docs/configuration.md is up to date; `npm run configuration` writes it', () => {
  assert.equal(read('docs/configuration.md'), configurationPage(defaults))
})

test('.env.example is up to date; `npm run configuration` writes it', () => {
  assert.equal(read('.env.example'), exampleFile(defaults))
})

test('every setting has a description, and every number a unit and a range', () => {
  assert.ok(rows.length > 60, `${rows.length} settings`)
  for (const { name, description, default: given, unit, range } of rows) {
    assert.ok(description.length > 10, `${name} has no description`)
    const isNumber = /^[0-9]+$/.test(given)
    assert.equal(unit !== '' && range !== '', isNumber, name)
  }
})

test('every limit of the API is a setting, and every variable of the compose file has its default there', () => {
  for (const { setting } of Object.values(definitions)) {
    assert.ok(
      rows.some(({ name }) => name === setting),
      setting,
    )
  }
  for (const name of Object.keys(composeSettings)) assert.ok(defaults.has(name), name)
})
