import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePnm } from '../../../shared/raster/decoders/pnm.ts'
import { eightBits, enoughBits } from '../../../shared/raster/raster.ts'
import { unpackSamples } from '../../../shared/raster/decoders/unpack.ts'

const pnm = (header: string, bytes: number[]): Buffer =>
  Buffer.concat([Buffer.from(header), Buffer.from(bytes)])

test('16-bit samples keep their depth on request, and become 8-bit otherwise', () => {
  const deep = pnm('P5 3 1 65535\n', [0x12, 0x34, 0xff, 0xff, 0x80, 0x00])
  assert.deepEqual([...decodePnm(deep, 1, enoughBits).samples], [0x1234, 0xffff, 0x8000])
  assert.deepEqual([...decodePnm(deep, 1, eightBits).samples], [0x12, 0xff, 0x80])
})

test('samples of a smaller range are stretched to the full scale and stay distinct', () => {
  const thousand = Array.from({ length: 1_000 }, (_, value) => value)
  const bytes = thousand.flatMap((value) => [value >> 8, value & 255])
  const { samples } = decodePnm(pnm('P5 1000 1 999\n', bytes), 1, enoughBits)
  assert.equal(new Set(samples).size, 1_000)
  assert.deepEqual([samples[0], samples[999]], [0, 65_535])
  const plain = Buffer.from(`P2 1000 1 999 ${thousand.join(' ')}`)
  assert.deepEqual(decodePnm(plain, 1, enoughBits).samples, samples)
  assert.ok(decodePnm(pnm('P5 2 1 15\n', [0, 15]), 1, enoughBits).samples instanceof Uint8Array)
})

test('packed samples of every depth are unpacked in order', () => {
  for (const bits of [9, 10, 11, 12, 13, 14, 15]) {
    const largest = 2 ** bits - 1
    const values = [0, 1, 2, 0x155, largest >> 1, largest - 1, largest]
    const text = values.map((value) => value.toString(2).padStart(bits, '0')).join('')
    const bytes = text.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
    const rows = Buffer.from(bytes ?? [])
    const packed = { bits, width: values.length, height: 1, samples: 1, isInverted: false }
    const scaled = values.map((value) => Math.round((value * 65_535) / largest))
    assert.deepEqual([...unpackSamples(rows, packed, enoughBits).samples], scaled, `${bits} bits`)
    const highest = values.map((value) => value >> (bits - 8))
    assert.deepEqual([...unpackSamples(rows, packed, eightBits).samples], highest)
    const inverted = unpackSamples(rows, { ...packed, isInverted: true }, enoughBits)
    assert.deepEqual(
      [...inverted.samples],
      scaled.map((value) => 65_535 - value),
    )
  }
})
