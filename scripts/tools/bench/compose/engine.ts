import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** A responding Docker engine, and the command line of Compose. */
export interface DockerEngine {
  compose: readonly [string, ...string[]]
  /** docker-compose 1.29: unlike later versions it makes no folder for a missing mount. */
  isLegacy: boolean
}

/** Variables that Docker's programs need from our environment; Compose would treat all others as settings. */
const kept = /^(PATH|HOME|TMPDIR|SSH_AUTH_SOCK|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY))$/
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => kept.test(name)),
)

const answers = (program: string, ...arguments_: string[]): boolean =>
  spawnSync(program, arguments_, { stdio: 'ignore' }).status === 0

/** Finds the engine, or the reason why there is none. */
export function findDockerEngine(): DockerEngine | { reason: string } {
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

/** A running program, and its output so far. */
export interface DockerCommand {
  stdout: () => string
  isRunning: () => boolean
  kill: () => void
  ended: Promise<Ended>
}

/** Starts one of Docker's programs. */
export function startCommand(program: string, arguments_: readonly string[]): DockerCommand {
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

/** Runs `docker …` and returns its output. Throws where it fails. */
export async function docker(...arguments_: string[]): Promise<string> {
  const { code, stdout, stderr } = await startCommand('docker', arguments_).ended
  if (code === 0) return stdout.trim()
  throw new Error(`docker ${arguments_.join(' ')} ended with ${code}: ${stderr}${stdout}`)
}
