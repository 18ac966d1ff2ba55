import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { isLoopback, parseToken } from '../../../../services/api/http/auth.ts'
import { requireSafeAddress } from '../../../../services/api/listen.ts'
import { apiSchema, readConfig } from '../../../../shared/process/config.ts'

const hex = createHash('sha256').update('secret').digest('hex')

test('a token entry has a name, scopes and the hash of its secret', () => {
  const { name, scopes, digest } = parseToken(`scanner.1:submit+read:${hex}`)
  assert.deepEqual([name, scopes, digest.toString('hex')], ['scanner.1', ['submit', 'read'], hex])
})

test('a malformed token entry is rejected without repeating its hash', () => {
  const wrong = [
    '',
    'a',
    `a:${hex}`,
    `:read:${hex}`,
    `a::${hex}`,
    `a:write:${hex}`,
    `a:read+:${hex}`,
    `a:read:${hex.slice(1)}`,
    `a:read:${hex.toUpperCase()}`,
    `a b:read:${hex}`,
    `${'a'.repeat(51)}:read:${hex}`,
    `a:read:${hex}:more`,
  ]
  for (const text of wrong) {
    assert.throws(
      () => parseToken(text),
      (thrown: Error) =>
        !thrown.message.includes(hex.slice(1)) &&
        'code' in thrown &&
        thrown.code === 'configuration',
      text,
    )
  }
})

test('loopback addresses are recognised', () => {
  for (const host of ['localhost', '127.0.0.1', '127.255.0.1', '::1', '[::1]']) {
    assert.ok(isLoopback(host), host)
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example', '']) {
    assert.ok(!isLoopback(host), host)
  }
})

test('without tokens the API listens on loopback only', () => {
  const listen = (environment: Record<string, string>) => () =>
    requireSafeAddress(readConfig(apiSchema, environment))
  assert.doesNotThrow(listen({}))
  assert.throws(listen({ HOST: '0.0.0.0' }), /SCRIPTORIUM_TOKENS/)
  assert.doesNotThrow(listen({ HOST: '0.0.0.0', SCRIPTORIUM_TOKENS: `a:read:${hex}` }))
})
