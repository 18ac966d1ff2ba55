import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBmp } from '../../../shared/raster/decoders/bmp.ts'
import { decodePnm } from '../../../shared/raster/decoders/pnm.ts'
import { writeBmp } from '../../helpers/pages/rasters.ts'

const noMemory = (): never => assert.fail('memory was taken')

test('a PNM header that claims more than the file holds is rejected before memory is allocated', () => {
  for (const header of [
    'P1 10000 10000 ',
    'P2 9000 9000 255 ',
    'P4 9999 9999 ',
    'P6 5000 5000 255 ',
  ]) {
    const bytes = Buffer.from(`${header}0 1 0 1`)
    assert.throws(() => decodePnm(bytes, 100, noMemory), { code: 'corrupt_image' }, header)
  }
})

test('a plain PNM needs no space after its last number, and a plain bitmap none at all', () => {
  const eight = (length: number) => new Uint8Array(length)
  assert.deepEqual(
    [...decodePnm(Buffer.from('P2 2 2 9 9 0 9 0'), 1, eight).samples],
    [255, 0, 255, 0],
  )
  assert.deepEqual([...decodePnm(Buffer.from('P1 2 2 0101'), 1, eight).samples], [255, 0, 255, 0])
})

test('a BMP header with more rows than the file holds is damaged', () => {
  const bytes = writeBmp({ width: 4, height: 4, levels: Array<number>(16).fill(9), depth: 8 })
  bytes.writeInt32LE(9_000, 18)
  bytes.writeInt32LE(9_000, 22)
  assert.throws(() => decodeBmp(bytes, 100), { code: 'corrupt_image' })
})
