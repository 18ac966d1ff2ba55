import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { nameSpool, openSpool, ticketFile } from '../../../shared/files/spool.ts'
import { readSource } from '../../../workers/ocr/open/source.ts'
import { makeFolder } from '../../helpers/folder.ts'

test('a spool is made where it is opened, and what lies in it stays', (t) => {
  const data = join(makeFolder(t), 'data')
  const spool = openSpool(data)
  for (const folder of Object.values(spool)) assert.ok(existsSync(folder), folder)
  writeFileSync(join(spool.inputs, 'abc'), 'page')
  assert.deepEqual(readdirSync(openSpool(data).inputs), ['abc'])
})

test('naming a spool makes nothing', (t) => {
  const data = makeFolder(t)
  const spool = nameSpool(data)
  assert.deepEqual(readdirSync(data), [])
  assert.deepEqual(openSpool(data), spool)
})

test('each upload has a ticket of its own, away from the inputs', (t) => {
  const spool = nameSpool(makeFolder(t))
  assert.notEqual(ticketFile(spool, 'r1'), ticketFile(spool, 'r2'))
  assert.ok(ticketFile(spool, 'r1').startsWith(spool.tickets))
})

test('what lies in a spool that is reached through a link can be read by a worker', async (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'disk'))
  symlinkSync('disk', join(folder, 'data'))
  const { inputs } = openSpool(join(folder, 'data'))
  writeFileSync(join(inputs, 'abc'), 'page')
  const request = { root: inputs, path: 'abc', follow: false, maxBytes: 100 }
  assert.equal((await readSource(request)).bytes.toString(), 'page')
})
