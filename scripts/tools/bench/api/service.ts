import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type Client } from '../../../client/client.ts'
import { findProcesses } from '../../common/processes.ts'
import { compileCache } from '../run/ingest-run.ts'
import { apiWorkers, type ApiSetting } from './setting.ts'

/** The complete service as `npm start` runs it, with a folder of its own. */
export interface BenchService {
  address: string
  client: Client
  data: string
  /** The API's process. */
  apiPid: number
}

const readyMs = 60_000
const pollMs = 50
let count = 0

/** Runs `work` with a service of its own, which is removed afterwards with all its data. */
export async function withService<T>(
  setting: ApiSetting,
  more: NodeJS.ProcessEnv,
  work: (service: BenchService) => Promise<T>,
): Promise<T> {
  const data = join(setting.workspace, `service-${(count += 1)}`)
  const child = spawn(setting.node, ['scripts/scriptorium.js', 'serve'], {
    cwd: setting.repository,
    env: {
      ...setting.environment,
      NODE_COMPILE_CACHE: compileCache,
      PORT: '0',
      SCRIPTORIUM_DATA: data,
      SCRIPTORIUM_WORKERS: String(apiWorkers),
      SCRIPTORIUM_DRAIN_MS: '5000',
      ...more,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const stop = (): unknown => child.kill('SIGTERM')
  setting.stopping.addEventListener('abort', stop)
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  try {
    const deadline = performance.now() + readyMs
    let address: string | undefined
    for (;;) {
      address ??= /http:\/\/\S+?:\d+/.exec(said)?.[0]
      if (address !== undefined && (await isReady(address))) break
      if (hasEnded() || performance.now() > deadline)
        throw new Error(`the service does not start: ${said}`)
      await delay(pollMs)
    }
    const [api] = findProcesses(setting.workspace).filter(({ role }) => role === 'api')
    if (api === undefined) throw new Error('the API has no process')
    return await work({ address, data, client: createClient(address), apiPid: api.pid })
  } finally {
    setting.stopping.removeEventListener('abort', stop)
    if (!hasEnded()) {
      const exit = once(child, 'exit')
      stop()
      await exit
    }
    rmSync(data, { recursive: true, force: true })
  }
}

async function isReady(address: string): Promise<boolean> {
  const answer = await fetch(`${address}/readyz`).catch(() => undefined) // Not listening yet.
  return answer?.ok === true
}
