import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** A Docker engine that answers, and the words that Compose begins with. */
export interface Engine {
  compose: readonly [string, ...string[]]
  /** docker-compose 1.29: unlike later ones it makes no folder for a mount that is not there. */
  isLegacy: boolean
}

/** What Docker's programs need of our environment; whatever else Compose would take as a setting. */
const kept = /^(PATH|HOME|TMPDIR|SSH_AUTH_SOCK|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY))$/
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => kept.test(name)),
)

const answers = (program: string, ...arguments_: string[]): boolean =>
  spawnSync(program, arguments_, { stdio: 'ignore' }).status === 0

/** Finds the engine, or says why there is none. */
export function findEngine(): Engine | { reason: string } {
  if (!answers('docker', 'version')) {
    return { reason: 'no Docker engine answers; start one, or see ../shared/tools/docker-lab' }
  }
  if (answers('docker', 'compose', 'version'))
    return { compose: ['docker', 'compose'], isLegacy: false }
  if (answers('docker-compose', 'version')) return { compose: ['docker-compose'], isLegacy: true }
  return {
    reason: 'a Docker engine answers, but neither `docker compose` nor docker-compose is there',
  }
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A program that runs, and what it has said so far. */
export interface Command {
  stdout: () => string
  isRunning: () => boolean
  kill: () => void
  ended: Promise<Ended>
}

/** Starts one of Docker's programs. */
export function startCommand(program: string, arguments_: readonly string[]): Command {
  const child = spawn(program, arguments_, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  return {
    stdout: () => said.stdout,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    kill: () => void child.kill(),
    ended: once(child, 'close').then(() => ({
      code: child.exitCode,
      signal: child.signalCode,
      ...said,
    })),
  }
}

/** Runs `docker …` and gives what it wrote. Throws where it fails. */
export async function docker(...arguments_: string[]): Promise<string> {
  const { code, stdout, stderr } = await startCommand('docker', arguments_).ended
  if (code === 0) return stdout.trim()
  throw new Error(`docker ${arguments_.join(' ')} ended with ${code}: ${stderr}${stdout}`)
}
