import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { InjectOptions } from 'fastify'
import { createAggregator } from '../../../services/aggregator/aggregator.ts'
import { createLease, takeFolder } from '../../../services/aggregator/lease/lease.ts'
import type { Document } from '../../../services/ledger/document.ts'
import { openLedger, type Ledger } from '../../../services/ledger/ledger.ts'
import { openAggregatorHands } from '../../../services/aggregator/in-hand.ts'
import { buildApp } from '../../../services/api/app.ts'
import { createContext } from '../../../services/api/context.ts'
import type { App, Context } from '../../../services/api/routes/context.ts'
import { problemSchema, type Problem } from '../../../services/api/schemas/common.ts'
import { aggregatorSchema, apiSchema, readConfig } from '../../../shared/process/config.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import { connectForAnswers } from '../../../shared/redis/connection/redis.ts'
import { createReporter } from '../../../shared/redis/result-stream.ts'
import { openSpool, type Spool } from '../../../shared/files/spool.ts'
import { makeFolder, type Ending } from '../folder.ts'
import { failedReport, pageReport } from '../ledger/records.ts'
import { silent, startPrivateRedis, type PrivateRedis } from '../processes/private-redis.ts'
import { repository } from '../processes/processes.ts'
import { waitFor } from '../wait.ts'
import { watchAnswers } from './documented.ts'

const parseProblem = createParser('a problem', problemSchema)

/** An answer of the API. `body` is its parsed JSON, otherwise its text. */
interface Answer<T = unknown> {
  status: number
  headers: Record<string, string>
  text: string
  body: T
}

export interface Api {
  app: App
  context: Context
  redis: PrivateRedis
  /** The folder of the whole service; no answer may contain its path. */
  folder: string
  data: string
  /** An allow-listed root, `scans`. */
  scans: string
  spool: Spool
  /** The aggregator's end of the ledger. */
  ledger: Ledger
  /** Sends a request and checks the common properties of every answer. */
  call: <T>(
    method: InjectOptions['method'] & string,
    url: string,
    given?: { body?: unknown; headers?: Record<string, string> },
  ) => Promise<Answer<T>>
  /** Sends a request that is refused; returns why. */
  refused: (
    status: number,
    code: string,
    method: InjectOptions['method'] & string,
    url: string,
    given?: { body?: unknown; headers?: Record<string, string> },
  ) => Promise<Answer<Problem>>
  /** Starts an aggregator on it, in this process; it ends with the test. */
  startAggregator: () => { stop: () => Promise<void> }
  /** Reports as a worker does that a document was read; waits until that is recorded. */
  read: (documentId: string, page?: Partial<PageResult>) => Promise<void>
  /** Reports as a worker does that a document cannot be read; waits until that is recorded. */
  fail: (documentId: string, code?: string) => Promise<void>
  /** Stops the server, as SIGTERM does. */
  stop: () => void
}

/**
 * The HTTP API in this process, with a separate Redis, ledger and spool. There is no fleet. `reach` may replace the
 * API's connection to Redis.
 */
export async function startApi(
  ending: Ending,
  given: Record<string, string> = {},
  {
    hasLedger = true,
    folder = makeFolder(ending),
    reach = (url: string) => Promise.resolve(url),
  } = {},
): Promise<Api> {
  const data = given['SCRIPTORIUM_DATA'] ?? join(folder, 'data')
  const scans = join(folder, 'scans')
  mkdirSync(scans)
  const redis = await startPrivateRedis({ folder })
  const releases: (() => unknown)[] = [() => redis.close()]
  ending.after(async () => {
    for (const release of releases.toReversed()) await release()
  })
  const environment = {
    SCRIPTORIUM_DATA: data,
    SCRIPTORIUM_ENGINE: join(repository, 'test/fixtures/engines/faults.ts'),
    SCRIPTORIUM_MIN_FREE_BYTES: '0',
    SCRIPTORIUM_ROOTS: `scans=${scans}`,
    SCRIPTORIUM_RECONCILE_MS: '200',
    SCRIPTORIUM_SECRET: 'a secret of the tests',
    ...given,
  }
  const config = readConfig(apiSchema, environment)
  const ledger = hasLedger ? openLedger(data, { isSearchable: true }) : undefined
  if (ledger !== undefined) releases.push(() => ledger.close())
  const connection = await connectForAnswers(await reach(redis.url), silent)
  releases.push(() => connection.disconnect())
  const stopping = new AbortController()
  const { context, close } = createContext({
    config,
    redis: connection,
    log: silent,
    stopping: stopping.signal,
  })
  releases.push(close)
  const app = await buildApp(context)
  const documented = watchAnswers(app)
  releases.push(() => app.close())
  const spool = openSpool(data)

  const call: Api['call'] = async <T>(
    method: InjectOptions['method'] & string,
    url: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const sent = await toPayload(body)
    const response = await app.inject({
      method,
      url,
      headers: { ...sent.headers, ...headers },
      ...(sent.payload !== undefined && { payload: sent.payload }),
    })
    const answer = {
      status: response.statusCode,
      headers: response.headers as Record<string, string>,
      text: response.body,
      body: bodyOf(response.headers['content-type'], response.body),
    }
    checkAnswer(answer, folder)
    const { status, headers: answered } = answer
    documented.check(answered['x-request-id'] ?? '', status, codeOf(answer))
    return answer as Answer<T>
  }
  const reporter = createReporter(connection, context.keys)
  const records = (): Ledger => {
    if (ledger === undefined) throw new Error('it has no ledger')
    return ledger
  }
  const report = async (
    documentId: string,
    toReport: (row: Document) => WorkerReport,
  ): Promise<void> => {
    const { documents } = records()
    const row = await waitFor(`${documentId} is planned`, () => {
      const found = documents.get(documentId)
      return found?.state === 'planned' && found
    })
    await context.queue.remove([row.jobId])
    await reporter.report(toReport(row))
    await waitFor(`${documentId} is final`, () => documents.get(documentId)?.state === 'final')
  }
  return {
    app,
    context,
    redis,
    folder,
    data,
    scans,
    spool,
    call,
    get ledger() {
      return records()
    },
    read: (documentId, page) =>
      report(documentId, ({ jobId, sha256, bytes, mediaType }) => ({
        ...pageReport({ jobId, documentId }, page),
        input: { sha256: sha256 ?? 'abc', bytes, mediaType: mediaType ?? 'image/png' },
      })),
    fail: (documentId, code = 'corrupt_image') =>
      report(documentId, ({ jobId }) =>
        failedReport({ jobId, documentId }, { error: { code, message: 'is damaged' } }),
      ),
    async refused(status, code, method, url, more) {
      const answer = await call<Problem>(method, url, more)
      assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text)
      return answer
    },
    startAggregator() {
      const connections = {
        main: redis.connect(),
        results: redis.connect(),
        commands: redis.connect(),
      }
      const settings = readConfig(aggregatorSchema, environment)
      const letGo = takeFolder(data)
      const lease = createLease({
        redis: connections.main,
        prefix: settings.SCRIPTORIUM_PREFIX,
        folder: data,
        ledger: records().id,
        log: silent,
      })
      const { hands, close: forgetHands } = openAggregatorHands(data, records(), silent)
      const aggregator = createAggregator({
        config: settings,
        ledger: records(),
        spool,
        redis: connections,
        lease,
        hands,
        log: silent,
        outages: silent,
      })
      const ended = new AbortController()
      const running = aggregator.run(ended.signal)
      let stopped: Promise<void> | undefined
      const end = async (): Promise<void> => {
        ended.abort()
        await running
        await aggregator.close()
        await lease.release()
        forgetHands()
        letGo()
        for (const one of Object.values(connections)) one.disconnect()
      }
      const stop = (): Promise<void> => (stopped ??= end())
      releases.push(stop)
      return { stop }
    },
    stop: () => stopping.abort(),
  }
}

type Payload = { payload?: Buffer | string; headers: Record<string, string> }

/** A form as multipart, bytes and text as they are, anything else as JSON. */
async function toPayload(body: unknown): Promise<Payload> {
  if (body === undefined) return { headers: {} }
  if (typeof body === 'string' || Buffer.isBuffer(body)) return { payload: body, headers: {} }
  if (body instanceof FormData) {
    const encoded = new Response(body)
    const payload = Buffer.from(await encoded.arrayBuffer())
    return { payload, headers: { 'content-type': encoded.headers.get('content-type') ?? '' } }
  }
  return { payload: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

const bodyOf = (type: unknown, text: string): unknown =>
  text !== '' && typeof type === 'string' && type.includes('json') && !type.includes('ndjson')
    ? JSON.parse(text)
    : text

/** Checks an answer's invariants: it has a request id, an error is a problem, and no path of the host is in it. */
function checkAnswer({ status, headers, text, body }: Answer, folder: string): void {
  const requestId = headers['x-request-id']
  assert.ok(requestId, 'every answer has a request id')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.match(headers['content-security-policy'] ?? '', /^default-src 'none';/)
  assert.equal(headers['cache-control'], 'no-store')
  assert.ok(!text.includes(folder), `an answer contains a path of the host: ${text}`)
  assert.ok(!/\n\s+at .*\.[jt]s:\d+/.test(text), `an answer holds a stack: ${text}`)
  if (status < 400 || isReadiness(body)) return
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/, text)
  const problem = parseProblem(body)
  assert.equal(problem.status, status)
  assert.equal(problem.requestId, requestId)
  assert.equal(problem.type, `urn:scriptorium:error:${problem.code}`)
  assert.notEqual(problem.title, '')
  assert.notEqual(problem.detail, '')
  if (problem.retryable && [409, 429, 503, 507].includes(status)) {
    assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/, 'it says when to come back')
  }
}

const codeOf = ({ status, body }: Answer): string | undefined =>
  status < 400 || isReadiness(body) ? undefined : parseProblem(body).code

/** `/readyz` names missing parts in its own format. */
const isReadiness = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'ready' in body

/** One file of an upload. */
export interface Part {
  name: string
  bytes: Buffer
  type?: string
}

/** A multipart body. */
export function formOf(files: readonly Part[], options?: unknown): FormData {
  const form = new FormData()
  if (options !== undefined) {
    form.append('options', typeof options === 'string' ? options : JSON.stringify(options))
  }
  for (const { name, bytes, type = 'application/octet-stream' } of files) {
    form.append('files', new Blob([new Uint8Array(bytes)], { type }), name)
  }
  return form
}
