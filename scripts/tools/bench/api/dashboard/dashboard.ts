import { fork } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { createParser } from '../../../../../shared/contract/messages/parser.ts'
import { connectPromptly } from '../../../../../shared/redis/connection/redis.ts'
import { startRedisServer } from '../../../../../services/embedded/redis-server.ts'
import { ledgerFile } from '../../../../../services/ledger/ledger.ts'
import { percentile } from '../../../common/statistics.ts'
import type { Figure } from '../../run/setting.ts'
import type { ApiPart, ApiSetting } from '../setting.ts'
import { makeLargeLedger } from './large-ledger.ts'
import { questions } from './questions.ts'

const targetMs = 200
const calls = 40
const redisMs = 10_000
/** Of the service's own limit of requests: the measurement sends them one after another. */
const settings = { SCRIPTORIUM_RATE_LIMIT: '0' }

const parseAddress = createParser("the API's message", Type.Object({ address: Type.String() }))
const parseList = createParser(
  'a list of documents',
  Type.Object({ items: Type.Array(Type.Object({ id: Type.String() })) }),
)

interface Answer {
  name: string
  first: number
  later: number[]
  bytes: number
}

/** Each request of the dashboard with a large ledger: first and later answers. */
export const dashboard: ApiPart = {
  name: 'dashboard',
  about: 'each request of the dashboard with a ledger of --documents and --failures',
  async run(setting) {
    const folder = setting.ledger ?? join(setting.workspace, 'large-ledger')
    await makeLargeLedger(folder, setting, setting.say)
    const answers = await measure(setting, folder)
    const megabytes = statSync(ledgerFile(folder)).size / 1e6
    return {
      kind: 'measured',
      figures: answers.flatMap(toFigures),
      remarks: [
        `  a ledger of ${megabytes.toFixed(0)} MB with ${setting.documents} documents, ${setting.failures} of them failed`,
        `  first: of a started API; then the 95th percentile of ${calls} further calls`,
      ],
    }
  },
}

async function measure(setting: ApiSetting, data: string): Promise<Answer[]> {
  const { workspace, environment, stopping } = setting
  const redis = startRedisServer({
    folder: join(workspace, 'redis'),
    searchPath: environment['PATH'] ?? '',
  })
  try {
    const connection = await connectPromptly(redis.url, redisMs)
    connection.disconnect()
    const api = await startApi(setting, data, redis.url)
    try {
      const [first] = parseList(
        await (await fetch(`${api.address}/v1/documents?outcome=succeeded&limit=1`)).json(),
      ).items
      const answers: Answer[] = []
      for (const [name, path] of Object.entries(questions(first?.id ?? ''))) {
        stopping.throwIfAborted()
        const answer = await ask(name, `${api.address}${path}`)
        setting.say(
          `${name}: ${answer.first.toFixed(0)} ms, then ${percentile(answer.later, 0.95).toFixed(0)} ms`,
        )
        answers.push(answer)
      }
      return answers
    } finally {
      await api.stop()
    }
  } finally {
    await redis.stop()
  }
}

async function ask(name: string, url: string): Promise<Answer> {
  let bytes = 0
  const call = async (): Promise<number> => {
    const began = performance.now()
    const answer = await fetch(url)
    bytes = (await answer.text()).length
    // Readiness names the missing workers and aggregator of this measurement.
    if (!answer.ok && !url.endsWith('/readyz')) throw new Error(`${name}: status ${answer.status}`)
    return performance.now() - began
  }
  const first = await call()
  const later: number[] = []
  while (later.length < calls) later.push(await call())
  return { name, first, later, bytes }
}

const toFigures = ({ name, first, later }: Answer): Figure[] => [
  { name: `${name}, first`, values: [first], unit: 'ms', target: { max: targetMs } },
  {
    name: `${name}, p95`,
    values: [percentile(later, 0.95)],
    unit: 'ms',
    target: { max: targetMs },
  },
]

/** The API alone: an aggregator would take up the active run. */
async function startApi({ repository, environment }: ApiSetting, data: string, redisUrl: string) {
  const child = fork(join(repository, 'services/api/main.ts'), [], {
    env: { ...environment, ...settings, PORT: '0', REDIS_URL: redisUrl, SCRIPTORIUM_DATA: data },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const message = await Promise.race([once(child, 'message'), ended.then(() => undefined)])
  if (message === undefined) throw new Error('the API does not start')
  return {
    address: parseAddress(message[0]).address,
    async stop(): Promise<void> {
      child.kill('SIGTERM')
      await ended
    },
  }
}
