import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createCollector } from '../../../services/aggregator/results/collector.ts'
import { openLedger } from '../../../services/ledger/ledger.ts'
import { createPublisher, type Publisher } from '../../../services/outputs/publish/publisher.ts'
import { createRecorder } from '../../../services/aggregator/results/recorder.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { createPageQueue } from '../../../shared/redis/queue.ts'
import {
  createReporter,
  createResultReader,
  type ResultReader,
} from '../../../shared/redis/result-stream.ts'
import { planInto } from '../../helpers/ledger/ledger.ts'
import { assertNoDrafts, finalRecords, outputFiles, readText } from '../../helpers/outcome.ts'
import { freeLease } from '../../helpers/processes/lease.ts'
import { silent, startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { exampleReport, exampleRequest } from '../../helpers/ledger/run.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { waitFor } from '../../helpers/wait.ts'

const keys = createKeys('cut')
const paths = ['a.png', 'b.png', 'c.png']
const ignore = (): void => undefined
const never = (): Promise<never> => new Promise(() => undefined)
const nothing = { written: [], failed: [], lost: [] }
const stuckWithWork = (ids: readonly string[]) =>
  ids.length === 0 ? Promise.resolve(nothing) : never()

/** A ledger with a planned run, and the results of all its pages on a separate Redis. */
async function setUp(t: TestContext) {
  const scene = createScene(t)
  const redis = await startPrivateRedis(scene)
  scene.defer(() => redis.close())
  const connection = redis.connect()
  const { out } = scene
  const planned = openLedger(out)
  const request = exampleRequest({ root: scene.input, out })
  planned.runs.add(request, 'fingerprint')
  const reporter = createReporter(connection, keys)
  for (const [index, path] of paths.entries()) {
    const id = `d-${path}`
    planInto(planned, out, {
      id,
      runId: request.runId,
      path,
      stat: '9-1-1',
      bytes: 9,
      fingerprint: 'fingerprint',
      jobId: `j${index}`,
      pass: 1,
    })
    await reporter.report(
      exampleReport({ jobId: `j${index}`, documentId: id, text: `text ${path}` }),
    )
  }
  planned.close()
  const queue = createPageQueue(connection, keys)
  scene.defer(() => queue.close())

  /** A collector as a new process would start it, with the given parts replaced. */
  const start = (replaced: { reader?: Partial<ResultReader>; publisher?: Partial<Publisher> }) => {
    const ledger = openLedger(out)
    const reading = redis.connect()
    const stopping = new AbortController()
    const final: string[] = []
    let isOpen = true
    const collector = createCollector({
      ledger,
      queue,
      log: silent,
      record: createRecorder(ledger, ignore),
      onAccepted: ignore,
      onPages: ignore,
      reader: {
        ...createResultReader(reading, keys, 'aggregator', freeLease(connection)),
        ...replaced.reader,
      },
      publisher: { ...createPublisher(ledger, ignore, silent), ...replaced.publisher },
      onFinal: (ids) => void final.push(...ids),
    })
    const running = collector.recover().then(() => collector.run(stopping.signal))
    /** Waits for its end, or with `hard` releases everything at once, like a killed process. */
    const end = async (hard?: 'hard'): Promise<void> => {
      stopping.abort()
      if (hard === undefined) await running
      reading.disconnect()
      if (isOpen) ledger.close()
      isOpen = false
    }
    scene.defer(() => end('hard'))
    running.catch(() => undefined) // A collector cut off like this fails on its closed ledger.
    return { ledger, final, end }
  }
  const stateOf = (): string[] => {
    const ledger = openLedger(out, { readOnly: true })
    const rows = paths.map((path) => ledger.documents.get(`d-${path}`)?.state ?? 'none')
    ledger.close()
    return rows
  }
  return { ...scene, connection, start, stateOf }
}

type Setting = Awaited<ReturnType<typeof setUp>>

async function assertRecordedOnce({ out, connection }: Setting): Promise<void> {
  assert.equal(await connection.xlen(keys.results), 0, 'the stream is empty')
  assert.deepEqual(
    finalRecords(out, out).map(({ path, outcome }) => [path, outcome]),
    paths.map((path) => [path, 'succeeded']),
  )
  const files = outputFiles(out).filter((name) => !name.startsWith('ledger.sqlite'))
  assert.deepEqual(files, paths.flatMap((path) => [`${path}.json`, `${path}.txt`]).toSorted())
  for (const path of paths) assert.equal(readText(out, path), `text ${path}\n`)
  assertNoDrafts(out)
}

test('After a kill between commit and acknowledgement, the next collector records each page once', async (t) => {
  const setting = await setUp(t)
  const first = setting.start({ reader: { acknowledge: never } })
  await waitFor('it is committed', () => setting.stateOf().every((state) => state === 'read'))
  await first.end('hard')
  assert.equal(await setting.connection.xlen(keys.results), paths.length)

  const second = setting.start({})
  await waitFor('all are final', () => second.final.length === paths.length)
  await second.end()
  await assertRecordedOnce(setting)
  assert.deepEqual(
    second.final.toSorted(),
    paths.map((path) => `d-${path}`),
  )
})

test('After a kill between acknowledgement and files, the next collector writes them from the ledger', async (t) => {
  const setting = await setUp(t)
  const first = setting.start({ publisher: { publish: stuckWithWork } })
  const isTaken = async () => (await setting.connection.xlen(keys.results)) === 0
  await waitFor('it is acknowledged', isTaken)
  assert.deepEqual(
    outputFiles(setting.out).filter((name) => name.endsWith('.txt')),
    [],
  )
  await first.end('hard')

  const second = setting.start({})
  await waitFor('all are final', () => second.final.length === paths.length)
  await second.end()
  await assertRecordedOnce(setting)
})

test('After a failed acknowledgement, the same collector writes the files and continues', async (t) => {
  const setting = await setUp(t)
  let failures = 0
  const reader = createResultReader(
    setting.connection,
    keys,
    'aggregator',
    freeLease(setting.connection),
  )
  const acknowledge: ResultReader['acknowledge'] = async (ids) => {
    failures += 1
    if (failures === 1) throw new Error('Connection is closed.')
    return reader.acknowledge(ids)
  }
  const collector = setting.start({ reader: { acknowledge } })
  await waitFor('all are final', () => setting.stateOf().every((state) => state === 'final'))
  await waitFor('all are told', () => collector.final.length === paths.length)
  const isTaken = async () => (await setting.connection.xlen(keys.results)) === 0
  await waitFor('all are acknowledged', isTaken)
  await collector.end()
  await assertRecordedOnce(setting)
})
