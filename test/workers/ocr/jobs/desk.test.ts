import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDesk, type Desk } from '../../../../workers/ocr/jobs/desk.ts'

/** Work that ends on request, and records in `log` when it starts and ends. */
function setUp() {
  const log: string[] = []
  const ends = new Map<string, () => void>()
  const begins = new Map<string, PromiseWithResolvers<void>>()
  const begun = (name: string): PromiseWithResolvers<void> => {
    const known = begins.get(name) ?? Promise.withResolvers<void>()
    begins.set(name, known)
    return known
  }
  const work = (name: string) => async (): Promise<void> => {
    log.push(`${name} begins`)
    const { promise, resolve } = Promise.withResolvers<void>()
    ends.set(name, resolve)
    begun(name).resolve()
    await promise
    log.push(`${name} ends`)
  }
  const page = async (desk: Desk, name: string): Promise<void> => {
    await desk.prepare(work(`prepare ${name}`))
    await desk.read(work(`read ${name}`))
  }
  return {
    log,
    work,
    page,
    hasBegun: (name: string) => begun(name).promise,
    end: async (name: string): Promise<void> => {
      await begun(name).promise
      ends.get(name)?.()
    },
  }
}

async function fail(): Promise<never> {
  throw new Error('it broke')
}

test('the next page is prepared during a reading', async () => {
  const { log, page, end, hasBegun } = setUp()
  const desk = createDesk()
  const pages = [page(desk.bulk, 'one'), page(desk.bulk, 'two')]
  await end('prepare one')
  await hasBegun('read one')
  await end('prepare two')
  await end('read one')
  await end('read two')
  await Promise.all(pages)
  assert.ok(log.indexOf('prepare two ends') < log.indexOf('read one ends'))
  assert.ok(log.indexOf('read two begins') > log.indexOf('read one ends'))
})

test('two pages are never prepared at the same time', async () => {
  const { log, page, end } = setUp()
  const desk = createDesk()
  const pages = [page(desk.bulk, 'one'), page(desk.bulk, 'two')]
  for (const name of ['prepare one', 'read one', 'prepare two', 'read two']) await end(name)
  await Promise.all(pages)
  assert.ok(log.indexOf('prepare two begins') > log.indexOf('prepare one ends'))
})

test('a page that must run alone has the desk to itself', async () => {
  const { log, page, end } = setUp()
  const desk = createDesk()
  const pages = [
    page(desk.bulk, 'before'),
    desk.alone((alone) => page(alone, 'suspect')),
    page(desk.bulk, 'after'),
  ]
  const names = ['before', 'suspect', 'after'].flatMap((name) => [
    `prepare ${name}`,
    `read ${name}`,
  ])
  await Promise.all([...pages, ...names.map(end)])
  const between = log.slice(log.indexOf('prepare suspect begins'), log.indexOf('read suspect ends'))
  assert.deepEqual(between, [
    'prepare suspect begins',
    'prepare suspect ends',
    'read suspect begins',
  ])
})

test('a failure frees its place', async () => {
  const desk = createDesk()
  await assert.rejects(desk.bulk.prepare(fail), /it broke/)
  await assert.rejects(desk.alone(fail), /it broke/)
  assert.equal(await desk.bulk.read(async () => 'read'), 'read')
})

test('an interactive page overtakes a prepared one', async () => {
  const { log, page, end, hasBegun } = setUp()
  const desk = createDesk()
  const pages = [page(desk.bulk, 'one'), page(desk.bulk, 'two')]
  await end('prepare one')
  await hasBegun('read one')
  await end('prepare two')
  pages.push(page(desk.interactive, 'wanted'))
  await end('prepare wanted')
  for (const name of ['read one', 'read wanted', 'read two']) await end(name)
  await Promise.all(pages)
  assert.ok(log.indexOf('read wanted begins') < log.indexOf('read two begins'))
})

test('a prepared page waits for an expected interactive one', async () => {
  const { log, page, end } = setUp()
  const desk = createDesk()
  desk.expectInteractive(true)
  const pages = [page(desk.bulk, 'bulk')]
  await end('prepare bulk')
  pages.push(page(desk.interactive, 'wanted'))
  desk.expectInteractive(false)
  for (const name of ['prepare wanted', 'read wanted', 'read bulk']) await end(name)
  await Promise.all(pages)
  assert.ok(log.indexOf('read wanted begins') < log.indexOf('read bulk begins'))
})

test('the wait for an expected page is short', async () => {
  const { page, end } = setUp()
  const desk = createDesk()
  desk.expectInteractive(true)
  const one = page(desk.bulk, 'one')
  await end('prepare one')
  await end('read one')
  await one
})

test('a page whose preparation fails blocks no other', async () => {
  const desk = createDesk()
  await assert.rejects(desk.interactive.prepare(fail), /it broke/)
  assert.equal(await desk.bulk.read(async () => 'read'), 'read')
})
