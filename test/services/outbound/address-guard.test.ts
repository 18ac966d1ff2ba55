import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createAddressGuard } from '../../../services/outbound/address-guard.ts'

test('public addresses are allowed, and disguised private ones are not', () => {
  const isAllowed = createAddressGuard([])
  const open = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111']
  const closed = [
    '0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.9.9.9 168.63.129.16',
    '169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1',
    '192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1',
    '255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8',
    '::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::1 2002:7f00:1::',
    '2002:808:808:: 2001::1 2001:db8::1 2001:2::1 3fff::1 100::1 5f00::1 4000::1 fc00::1',
    'fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 localhost',
  ].flatMap((line) => line.split(' '))
  assert.deepEqual(
    open.filter((address) => !isAllowed(address)),
    [],
  )
  assert.deepEqual(closed.filter(isAllowed), [])
})

test('no IPv4 address can be hidden in an IPv6 address', () => {
  const isAllowed = createAddressGuard([])
  const prefixes = ['::', '::ffff:', '::ffff:0:', '64:ff9b::']
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom(...prefixes), (address, prefix) => {
      assert.equal(isAllowed(prefix + address), false)
    }),
  )
})

test('exactly the allowed ranges are reachable', () => {
  const isAllowed = createAddressGuard(['127.0.0.1/32', '10.0.0.0/8', 'fd00::/8'])
  for (const address of ['127.0.0.1', '10.255.0.1', 'fd12::1']) assert.ok(isAllowed(address))
  for (const address of [
    '127.0.0.2',
    '127.0.1.1',
    '11.0.0.1.',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    'fc00::1',
  ]) {
    assert.equal(isAllowed(address), false, address)
  }
})

test('an invalid range is rejected by its name', () => {
  for (const range of ['10/8', '10.0.0.0', '10.0.0.0/33', 'localhost/8', 'fd00::/129', '']) {
    assert.throws(() => createAddressGuard([range]), {
      code: 'configuration',
      message: new RegExp(`^"${range}" is not an address range`),
    })
  }
})
