import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { version } from '../../../shared/process/version.ts'

test("the product's version is the version in package.json", () => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  )
  assert.ok(typeof manifest === 'object' && manifest !== null && 'version' in manifest)
  assert.equal(version, manifest.version)
})
