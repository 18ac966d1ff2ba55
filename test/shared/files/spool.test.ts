import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { nameSpool, openSpool, ticketFile } from '../../../shared/files/spool.ts'
import { readSource } from '../../../workers/ocr/open/source.ts'
import { makeFolder } from '../../helpers/folder.ts'

test('opening a spool creates it, and keeps its content', (t) => {
  const data = join(makeFolder(t), 'data')
  const spool = openSpool(data)
  for (const folder of Object.values(spool)) assert.ok(existsSync(folder), folder)
  writeFileSync(join(spool.inputs, 'abc'), 'page')
  assert.deepEqual(readdirSync(openSpool(data).inputs), ['abc'])
})

test('naming a spool creates nothing', (t) => {
  const data = makeFolder(t)
  const spool = nameSpool(data)
  assert.deepEqual(readdirSync(data), [])
  assert.deepEqual(openSpool(data), spool)
})

test('each upload has its own ticket, in another folder than the inputs', (t) => {
  const spool = nameSpool(makeFolder(t))
  assert.notEqual(ticketFile(spool, 'r1'), ticketFile(spool, 'r2'))
  assert.ok(ticketFile(spool, 'r1').startsWith(spool.tickets))
})

test('a worker can read a spool that is reached through a link', async (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'disk'))
  symlinkSync('disk', join(folder, 'data'))
  const { inputs } = openSpool(join(folder, 'data'))
  writeFileSync(join(inputs, 'abc'), 'page')
  const request = { root: inputs, path: 'abc', follow: false, maxBytes: 100 }
  assert.equal((await readSource(request)).bytes.toString(), 'page')
})
