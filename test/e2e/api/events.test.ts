import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EventSourceMessage } from 'eventsource-parser/stream'
import type { Client } from '../../../scripts/client/client.ts'
import { manyPaths, tiffOf, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, severalOf, startService } from '../../helpers/processes/service.ts'

type Links = { events: string }
/** A position before the first event: all events follow. */
const beginning = '0-0'

const withId = (messages: readonly EventSourceMessage[]): EventSourceMessage[] =>
  messages.filter(({ id }) => id !== undefined)

async function followWhole(client: Client, links: Links): Promise<EventSourceMessage[]> {
  const messages: EventSourceMessage[] = []
  for await (const message of client.follow(links, { lastEventId: beginning }))
    messages.push(message)
  return withId(messages)
}

/** Follows in pieces: the connection is cut after every few events, and the next one continues after the last event. */
async function followInPieces(
  client: Client,
  links: Links,
  sizes: readonly number[],
): Promise<{ messages: EventSourceMessage[]; cuts: number }> {
  const messages: EventSourceMessage[] = []
  let lastEventId = beginning
  let cuts = 0
  for (;;) {
    const size = sizes[cuts % sizes.length] ?? 1
    const cut = new AbortController()
    let taken = 0
    try {
      for await (const message of client.follow(links, { lastEventId, signal: cut.signal })) {
        if (message.id === undefined) continue
        messages.push(message)
        lastEventId = message.id
        taken += 1
        if (message.event === 'finished') return { messages, cuts }
        if (taken === size) break
      }
    } finally {
      cut.abort()
    }
    cuts += 1
  }
}

test('A watcher with many reconnects sees the same events as an uninterrupted one', async (t) => {
  const scene = createScene(t)
  const scans = join(scene.folder, 'scans')
  mkdirSync(scans)
  const more = { FAULT_SLOW_MS: '20', SCRIPTORIUM_ROOTS: `scans=${scans}` }
  const { client, address } = await startService(scene, more)

  await t.test('an upload of many files', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `slow-${index}`)
    const files = await Promise.all(names.map((name) => fileOf(name)))
    const { links, documents } = severalOf(await client.upload(files))
    const [whole, ones, some, many] = await Promise.all([
      followWhole(client, links),
      followInPieces(client, links, [1]),
      followInPieces(client, links, [3, 1, 7]),
      followInPieces(client, links, [20]),
    ])
    const ended = whole
      .filter(({ event }) => event === 'document')
      .map(({ data }) => (JSON.parse(data) as { documentId: string }).documentId)
    assert.deepEqual(ended.toSorted(), documents.map(({ id }) => id).toSorted())
    assert.equal(whole.filter(({ event }) => event === 'started').length, names.length)
    assert.equal(whole.at(-1)?.event, 'finished')
    assert.ok(ones.cuts >= names.length, `${ones.cuts} cuts`)
    for (const { messages } of [ones, some, many]) assert.deepEqual(messages, whole)
    const headers = { 'last-event-id': whole.at(-1)?.id ?? '' }
    assert.equal((await fetch(address + links.events, { headers })).status, 204)
  })

  await t.test('a folder run', async () => {
    const paths = manyPaths(40, 'slow')
    await writePages(scans, paths)
    const { links } = await client.startRun({ root: 'scans' })
    const [whole, ones, some] = await Promise.all([
      followWhole(client, links),
      followInPieces(client, links, [1]),
      followInPieces(client, links, [5, 2]),
    ])
    const ended = whole
      .filter(({ event }) => event === 'document')
      .map(({ data }) => (JSON.parse(data) as { path: string }).path)
    assert.deepEqual(ended.toSorted(), paths)
    for (const { messages } of [ones, some]) assert.deepEqual(messages, whole)
  })

  await t.test('one document of several pages, by many watchers', async () => {
    const seeds = Array.from({ length: 12 }, (_, index) => `leaf ${index}`)
    const file = new File([new Uint8Array(await tiffOf(seeds))], 'slow-book.tif')
    const view = oneOf(await client.upload([file]))
    const watchers = await Promise.all([
      followWhole(client, view.links),
      ...Array.from({ length: 20 }, () => followWhole(client, view.links)),
      followInPieces(client, view.links, [2]).then(({ messages }) => messages),
    ])
    const [whole] = watchers
    const kinds = whole.map(({ event }) => event)
    assert.equal(kinds.filter((kind) => kind === 'started').length, seeds.length)
    assert.equal(kinds.filter((kind) => kind === 'page').length, seeds.length)
    assert.equal(kinds.at(-1), 'finished')
    for (const messages of watchers) assert.deepEqual(messages, whole)
  })

  await t.test('a document that ended before it is followed', async () => {
    const { links } = oneOf(await client.upload([await fileOf('early')], { wait: 30 }))
    const events: (string | undefined)[] = []
    for await (const { event } of client.follow(links)) events.push(event)
    assert.deepEqual(events, ['document', 'finished'])
  })
})
