import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readJpeg2000 } from '../../../services/outputs/pdf/images/jpeg2000.ts'
import { readPng } from '../../../services/outputs/pdf/images/png.ts'

test('deeply nested boxes are walked without recursion', () => {
  const box = Buffer.from('000000006a703268', 'hex') // Up to the end of its parent box: jp2h.
  assert.ok(readJpeg2000(Buffer.alloc(200_000 * box.length, box)) === undefined)
})

test('a PNG of empty chunks is not stored chunk by chunk', () => {
  const header = Buffer.from(
    '89504e470d0a1a0a0000000d494844520000000100000001080000000000000000',
    'hex',
  )
  const idat = Buffer.from('000000004944415400000000', 'hex')
  const few = Buffer.concat([header, Buffer.alloc(3 * idat.length, idat)])
  assert.equal(readPng(few)?.data.length, 3)
  const many = Buffer.concat([header, Buffer.alloc(70_000 * idat.length, idat)])
  assert.ok(readPng(many) === undefined)
})
