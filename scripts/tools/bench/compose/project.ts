import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type Client } from '../../../client/client.ts'
import {
  docker,
  startCommand,
  type DockerCommand,
  type Ended,
  type DockerEngine,
} from './engine.ts'
import { packageRoot } from '../../../../shared/files/package-root.ts'

export type Settings = Readonly<Record<string, string>>

interface Options {
  /** User and group of the containers. */
  user?: Project['user']
  settings?: Settings
}

/** The checkout's own docker-compose.yml as a separate project: names, port, folders and settings. */
export interface Project {
  name: string
  /** Mounted as /data/in and /output. */
  input: string
  output: string
  /** Owner of the containers' files on the host. */
  user: { uid: number; gid: number }
  client: Client
  /** Runs a Compose command; `settings` override those of the project. */
  compose: (arguments_: readonly string[], settings?: Settings) => Promise<Ended>
  /** The same; throws where it fails. */
  must: (...arguments_: string[]) => Promise<string>
  /** Starts `docker compose run --rm ingest /data/in`, in a container of this name. */
  startIngest: (name: string) => DockerCommand
  /** Ids of a service's containers, stopped ones too. */
  containers: (service: string) => Promise<string[]>
  /** Waits until the API reports that it is ready, with this many workers. */
  ready: (workers: number) => Promise<void>
}

const readyMs = 90_000
const pollMs = 50
/** One tag for all: the image stays, and the next run builds in seconds. */
export const testImage = 'scriptorium:test'

/** The values of .env.example. */
export const usualUser = { uid: 1_000, gid: 1_000 }
/** A number that no image names: nothing may depend on a user's name. Without root only our own files can be owned. */
const someone =
  process.getuid?.() === 0
    ? { uid: 4_321, gid: 4_321 }
    : {
        uid: process.getuid?.() ?? usualUser.uid,
        gid: process.getgid?.() ?? usualUser.gid,
      }

/** Names a project; nothing runs yet. At its end its containers, networks and volumes are removed. */
export async function createProject(
  ending: { after: (work: () => unknown) => void },
  engine: DockerEngine,
  { user = someone, settings: given = {} }: Options = {},
): Promise<Project> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scriptorium-test-')))
  const name = `scriptorium-test-${randomBytes(4).toString('hex')}`
  const [input, output] = [join(folder, 'in'), join(folder, 'out')]
  for (const made of [input, output]) mkdirSync(made)
  chownSync(output, user.uid, user.gid)
  const port = await freePort()
  const own: Settings = {
    SCRIPTORIUM_TAG: 'test',
    SCRIPTORIUM_USER: `${user.uid}:${user.gid}`,
    API_PORT: String(port),
    INPUT_FOLDER: input,
    OUTPUT_FOLDER: output,
    ...given,
  }
  let files = 0
  const start = (arguments_: readonly string[], settings: Settings = {}): DockerCommand => {
    const file = join(folder, `env-${(files += 1)}`)
    const lines = Object.entries({ ...own, ...settings }).map(([key, value]) => `${key}=${value}\n`)
    writeFileSync(file, lines.join(''))
    const [program, ...words] = engine.compose
    const about = ['-p', name, '-f', join(packageRoot, 'docker-compose.yml'), '--env-file', file]
    return startCommand(program, [...words, ...about, ...arguments_])
  }
  const must: Project['must'] = async (...arguments_) => {
    const { code, stdout, stderr } = await start(arguments_).ended
    if (code === 0) return stdout
    throw new Error(`compose ${arguments_.join(' ')} ended with ${code}: ${stderr}${stdout}`)
  }
  ending.after(async () => {
    await must('--profile', 'ingest', 'down', '-v', '--remove-orphans', '-t', '5')
    rmSync(folder, { recursive: true, force: true })
  })
  const client = createClient(`http://127.0.0.1:${port}`)
  return {
    name,
    input,
    output,
    user,
    client,
    must,
    compose: (arguments_, settings) => start(arguments_, settings).ended,
    startIngest: (container) =>
      start(['run', '--rm', '-T', '--name', container, 'ingest', '/data/in']),
    async containers(service) {
      const labels = [`project=${name}`, `service=${service}`].flatMap((label) => [
        '--filter',
        `label=com.docker.compose.${label}`,
      ])
      const ids = await docker('ps', '-aq', '--no-trunc', ...labels)
      return ids.split('\n').filter((id) => id !== '')
    },
    async ready(workers) {
      const deadline = performance.now() + readyMs
      while (!(await isReady(client, workers).catch(() => false))) {
        if (performance.now() > deadline) throw new Error(`${name} has no ${workers} workers`)
        await delay(pollMs)
      }
    },
  }
}

async function isReady(client: Client, workers: number): Promise<boolean> {
  const { checks } = await client.json<{ checks: Record<string, { ok: boolean; detail: string }> }>(
    '/readyz',
  )
  return checks['workers']?.detail === `${workers} alive`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
