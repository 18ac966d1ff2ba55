import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createCommandTaker } from '../../../services/aggregator/commands/take-commands.ts'
import { indexMissing } from '../../../services/aggregator/upkeep/index-missing.ts'
import { workItems } from '../../../services/ledger/work-items.ts'
import { openLedger, type Ledger } from '../../../services/ledger/ledger.ts'
import { createPublisher } from '../../../services/outputs/publish/publisher.ts'
import { sumUp } from '../../../services/aggregator/progress/run-report.ts'
import { walk } from '../../../services/aggregator/folders/walk.ts'
import { createSweeper } from '../../../services/aggregator/upkeep/sweeper.ts'
import { createDeliverer } from '../../../services/aggregator/webhooks/deliverer.ts'
import { writeResults } from '../../../services/outputs/publish/write-results.ts'
import { createCommandReader, commandState, sendCommand } from '../../../shared/redis/commands.ts'
import { folderDocumentId } from '../../../shared/contract/ids.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import type { Command } from '../../../shared/contract/messages/command.ts'
import { newProgress } from '../../../shared/contract/messages/progress.ts'
import { createPageQueue } from '../../../shared/redis/queue.ts'
import { createOutbound } from '../../../services/outbound/outbound.ts'
import { ticketFile } from '../../../shared/files/spool.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { makeHands } from '../../helpers/ledger/hands.ts'
import { firstPass, makeLedger, makePlan, planInto, rowOf } from '../../helpers/ledger/ledger.ts'
import { freeLease } from '../../helpers/processes/lease.ts'
import { silent, startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { startReceiver } from '../../helpers/api/receiver.ts'
import {
  input,
  makeAcceptance,
  makePage,
  makeRequest,
  makeRun,
} from '../../helpers/ledger/records.ts'
import { writeOld } from '../../helpers/pages/pages.ts'
import { planRun } from '../../helpers/ledger/planning.ts'
import { makeRecording } from '../../helpers/ledger/recording.ts'
import { waitFor } from '../../helpers/wait.ts'
import { makeWebhook } from '../../helpers/api/webhooks.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const ignore = (): void => undefined

/** A document of an output folder that is read and not yet written. */
function read(ledger: Ledger, out: string, id: string): void {
  planInto(ledger, out, makePlan(id))
  ledger.documents.setInput(firstPass(id), input, 1)
  ledger.pages.putResult(id, makePage({ text: `text of ${id}` }))
  ledger.documents.setRead(firstPass(id), { outcome: 'succeeded', error: null, worker: 'w' }, null)
}

function makeOut(t: TestContext, ledger: Ledger): string {
  const out = makeFolder(t)
  ledger.runs.add(makeRequest({ out, combined: true }), 'fp')
  ledger.claims.set(out, 'results', 'combined', ['ndjson', 'txt'] as never)
  return out
}

test('suspected documents are written one at a time, and their neighbours after them', async (t) => {
  const ledger = makeLedger(t)
  const out = makeOut(t, ledger)
  for (const id of ['d1', 'd2', 'd3', 'd4']) read(ledger, out, id)
  const suspects = Object.fromEntries(
    ['d2', 'd3'].map((id) => [workItems.write(firstPass(id), 'txt'), 2] as const),
  )
  const { hands, left, forgotten } = makeHands(t, suspects)
  const seen: string[][] = []
  const take = () => {
    const hand = hands.take()
    return {
      ...hand,
      next: async (item: string) => {
        await hand.next(item)
        if (item in suspects) seen.push(left())
      },
    }
  }
  const publisher = createPublisher(ledger, ignore, silent, { hands: { take } })
  const { written } = await publisher.publish(['d1', 'd2', 'd3', 'd4'])
  assert.deepEqual(written, ['d1', 'd2', 'd3', 'd4'])
  assert.deepEqual(
    seen.toSorted(),
    Object.keys(suspects).map((item) => [item]),
  )
  assert.deepEqual(forgotten.toSorted(), Object.keys(suspects))
})

test('a combined file that killed the aggregator is left out and reported, and an old one is removed', async (t) => {
  const ledger = makeLedger(t)
  const out = makeOut(t, ledger)
  const { hands } = makeHands(t, { [workItems.combine('r1', 'results.txt')]: 3 })
  const publisher = createPublisher(ledger, ignore, silent, { hands })
  read(ledger, out, 'd1')
  await publisher.publish(['d1'])
  writeFileSync(join(out, 'results.txt'), 'of an earlier run')
  const run = makeRun({ out, combined: true, formats: ['txt', 'json'] })
  const leftOut = await writeResults({ ledger, publisher, hands, log: silent }, run, undefined)
  assert.deepEqual(
    leftOut.map(({ name, code }) => [name, code]),
    [['results.txt', 'poison']],
  )
  assert.equal(existsSync(join(out, 'results.txt')), false)
  assert.ok(existsSync(join(out, 'results.ndjson')))
})

test('listings skip the pages of a document that was set aside', async (t) => {
  const ledger = makeLedger(t)
  const out = makeOut(t, ledger)
  const { hands } = makeHands(t, { [workItems.assemble(firstPass('d1'))]: 3 })
  const publisher = createPublisher(ledger, ignore, silent, { hands })
  read(ledger, out, 'd1')
  assert.deepEqual((await publisher.publish(['d1'])).failed, ['d1'])
  const { state, outcome, error } = rowOf(ledger, 'd1')
  assert.deepEqual([state, outcome, error?.code], ['final', 'failed', 'poison'])
  t.mock.method(ledger.pages, 'results', () => assert.fail('its pages are read'))
  const run = makeRun({ out, combined: true, formats: ['json'] })
  await writeResults({ ledger, publisher, log: silent }, run, undefined)
  assert.ok(existsSync(join(out, 'results.ndjson')))
})

test('a run whose report killed the aggregator ends with the reason', async (t) => {
  const ledger = makeLedger(t)
  const run = makeRun()
  const { hands } = makeHands(t, { [workItems.end(run.id)]: 3 })
  const progress = { ...newProgress(run.id, run.startedAt), seen: 7, done: 5, failed: 2 }
  const report = await sumUp(hands, ledger, run, progress, 'finished')
  assert.deepEqual(
    [report.state, report.seen, report.outcomes, report.error?.code],
    ['finished', 7, { succeeded: 5, failed: 2 }, 'poison'],
  )
})

test('a command that killed the aggregator is rejected, and the next ones are executed', async (t) => {
  await redis.flushall()
  const keys = createKeys('p')
  const commands = createCommandReader(redis, keys, freeLease(redis))
  const deadly = await sendCommand(redis, keys, { kind: 'retryRun', runId: 'r1' })
  const start: Command = { kind: 'start', request: makeRequest({ runId: 'r2' }) }
  const begin = await sendCommand(redis, keys, start)
  const sound = await sendCommand(redis, keys, { kind: 'cancelRun', runId: 'r3' })
  const { hands } = makeHands(t, { [workItems.command(deadly)]: 3, [workItems.command('r2')]: 3 })
  const [handled, refused]: [string[], string[]] = [[], []]
  const taker = createCommandTaker({
    commands,
    handle: async ({ kind }) => void handled.push(kind),
    refuse: async (runId, why) => void refused.push(`${runId} ${why.message}`),
    hands,
    log: silent,
  })
  assert.equal(await taker.takeWaiting(new AbortController().signal), true)
  assert.deepEqual(handled, ['cancelRun'])
  assert.deepEqual(refused, ['r2 died over command r2'])
  const stateOf = (id: string) => commandState(redis, keys, id)
  assert.deepEqual(await stateOf(deadly), { refusal: `died over command ${deadly}` })
  assert.deepEqual(await stateOf(begin), { refusal: 'died over command r2' })
  assert.equal(await stateOf(sound), 'done')
})

test('a delivery that killed the aggregator is sent alone, then given up, and others are sent', async (t) => {
  const { webhooks } = makeLedger(t)
  const outbound = createOutbound({ allow: ['127.0.0.1/32'] })
  t.after(() => outbound.close())
  const { hands, left } = makeHands(t, {
    [workItems.deliver('n1')]: 2,
    [workItems.deliver('n2')]: 3,
  })
  const seen: string[][] = []
  const receiver = await startReceiver(t, (response, { headers }) => {
    if (headers['scriptorium-delivery'] === 'n1') seen.push(left())
    response.writeHead(204).end()
  })
  webhooks.add(makeWebhook('a', { url: receiver.url }))
  for (const id of ['n0', 'n1', 'n2', 'n3']) {
    webhooks.addDelivery({
      id,
      webhookId: 'a',
      event: 'document.finished',
      payload: '{}',
      createdAt: 1,
    })
  }
  const stopping = new AbortController()
  const deliverer = createDeliverer({ webhooks, outbound, hands, log: silent, drainMs: 100 })
  const running = deliverer.run(stopping.signal)
  const stateOf = (id: string) => webhooks.delivery(id)?.state
  await waitFor('all have ended', () =>
    ['n0', 'n1', 'n2', 'n3'].every((id) => stateOf(id) !== 'due'),
  )
  stopping.abort()
  await running
  assert.deepEqual(['n0', 'n1', 'n2', 'n3'].map(stateOf), [
    'delivered',
    'delivered',
    'failed',
    'delivered',
  ])
  assert.match(webhooks.delivery('n2')?.lastError ?? '', /^poison: died over/)
  assert.deepEqual(seen, [[workItems.deliver('n1')]])
})

test('a page whose indexing killed the aggregator is left out of the index, all others are indexed', async (t) => {
  const folder = makeFolder(t)
  const first = openLedger(folder)
  for (const id of ['d1', 'd2', 'd3']) {
    first.documents.plan(makePlan(id))
    first.pages.putResult(id, makePage({ text: 'heron' }))
    first.documents.setRead(firstPass(id), { outcome: 'succeeded', error: null, worker: 'w' }, null)
    first.documents.settle(firstPass(id), {})
  }
  first.close()
  const ledger = openLedger(folder, { isSearchable: true })
  t.after(() => ledger.close())
  const { hands, forgotten } = makeHands(t, {
    [workItems.index('d2', 1)]: 3,
    [workItems.index('d3', 1)]: 1,
  })
  await indexMissing({ ledger, hands, log: silent }, new AbortController().signal)
  const found = ledger.search
    .find({ match: 'heron', limit: 10, offset: 0 })
    .map(({ documentId }) => documentId)
  assert.deepEqual(found.toSorted(), ['d1', 'd3'])
  assert.deepEqual(forgotten, [workItems.index('d3', 1)])
  assert.deepEqual(ledger.pages.missing(10), [])
})

test('a ticket that killed the aggregator is set aside, and others are taken up', async (t) => {
  await redis.flushall()
  const { ledger, spool, documents, absorb, putInput, putTicket } = makeRecording(t, redis)
  const [deadly, sound] = ['u1', 'u2'].map((runId) => makeAcceptance([runId], { runId }))
  for (const acceptance of [deadly, sound]) {
    if (acceptance === undefined) continue
    putInput(acceptance.request.runId)
    putTicket(acceptance)
  }
  const { hands } = makeHands(t, { [workItems.collect('u1')]: 3 })
  const deps = { ledger, spool, commands: documents, absorb, hands, retentionMs: 0, log: silent }
  await createSweeper(deps).takeUp()
  assert.equal(ledger.runs.get('u1'), undefined)
  assert.notEqual(ledger.runs.get('u2'), undefined)
  assert.ok(existsSync(`${ticketFile(spool, 'u1')}.unreadable`))
})

test('after a death during a walk each entry is recorded, and one that killed three times ends as poison', async (t) => {
  await redis.flushall()
  const [root, out] = [makeFolder(t), makeFolder(t)]
  for (const name of ['a.png', 'deadly.png', 'z.png']) writeOld(join(root, name), name)
  const ledger = makeLedger(t)
  const keys = createKeys('w')
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const idOf = (path: string): string => folderDocumentId(out, root, path)
  const { hands, forgotten } = makeHands(t, {
    [workItems.walk('r1')]: 1,
    [workItems.file(idOf('deadly.png'))]: 3,
    [workItems.file(idOf('z.png'))]: 1,
  })
  const deps = { ledger, redis, keys, queue, hands }
  await planRun(t, deps, { root, out, inputs: [''] }).planned
  const { state, outcome, error } = rowOf(ledger, idOf('deadly.png'))
  assert.deepEqual([state, outcome, error?.code], ['final', 'failed', 'poison'])
  assert.deepEqual(
    ['a.png', 'z.png'].map((name) => rowOf(ledger, idOf(name)).state),
    ['planned', 'planned'],
  )
  assert.ok(forgotten.includes(workItems.walk('r1')))
  hands.pardonAll('file ')
  assert.equal(hands.poisonOf(workItems.file(idOf('deadly.png'))), undefined)
})

test('an entry is in the marks file while it is examined', (t) => {
  const root = makeFolder(t)
  for (const name of ['a.png', 'b.png']) writeOld(join(root, name), name)
  const { hands, left } = makeHands(t)
  const hand = hands.take()
  void hand.next('walk r1')
  const seen: string[][] = []
  const begin = (path: string): undefined => {
    hand.part(`file ${path}`)
    seen.push(left())
  }
  const options = { root, includeHidden: false, follow: false, isWanted: () => true, begin }
  assert.equal([...walk(['a.png', 'b.png'], options)].length, 2)
  assert.deepEqual(seen, [['file a.png'], ['file b.png']])
})
