import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { repository, startCommand, startProgram, type Program } from './processes.ts'
import { startPrivateRedis, type PrivateRedis } from './private-redis.ts'
import type { Scene } from './scene.ts'

/** The services as they run apart from any ingest, each started by hand. */
export interface Services {
  redis: PrivateRedis
  /** The ledger's folder. */
  data: string
  /** The environment with which they, and an ingest that joins them, run. */
  environment: NodeJS.ProcessEnv
  startAggregator: (more?: NodeJS.ProcessEnv) => Program
  startFleet: (more?: NodeJS.ProcessEnv) => Program
  /** Starts a fleet of two on a host that has none of these folders: they are empty there. */
  startFarFleet: (hidden: readonly string[], more?: NodeJS.ProcessEnv) => Program
  /** Starts an API on this port of loopback. */
  startApi: (port: number, more?: NodeJS.ProcessEnv) => Program
}

const ownMounts = ['--user', '--map-root-user', '--mount']
const quiet = { stdio: 'ignore' } as const
const fleetScript = 'workers/fleet/main.ts'
const fleetOfTwo = { SCRIPTORIUM_WORKERS: '2' }

/** Empties the folders that follow the first argument, and runs the script that the first one names. */
const hideAndRun = `
  script=$1; shift
  for folder; do mount -t tmpfs none "$folder" || exit 99; done
  exec "$0" "$script"
`
/** Whether this system lets a process have mounts of its own. */
export const canHide = (() => {
  try {
    execFileSync('unshare', [...ownMounts, 'mount', '-t', 'tmpfs', 'none', '/mnt'], quiet)
    return true
  } catch {
    return false
  }
})()

function startHidden(
  script: string,
  hidden: readonly string[],
  options: Parameters<typeof startCommand>[2],
): Program {
  const command = ['sh', '-c', hideAndRun, process.execPath, join(repository, script), ...hidden]
  return startCommand('unshare', [...ownMounts, ...command], options)
}

/** A Redis, and functions that start an aggregator and a fleet of two on it. They end with the scene. */
export async function createServices(scene: Scene): Promise<Services> {
  const redis = await startPrivateRedis(scene)
  scene.defer(() => redis.close())
  const data = join(scene.folder, 'data')
  const environment = {
    ...scene.environment,
    REDIS_URL: redis.url,
    SCRIPTORIUM_DATA: data,
    SCRIPTORIUM_DRAIN_MS: '5000',
  }
  const start = (script: string, more: NodeJS.ProcessEnv = {}, hidden: readonly string[] = []) => {
    const all = { environment: { ...environment, ...more } }
    const program =
      hidden.length === 0 ? startProgram(script, [], all) : startHidden(script, hidden, all)
    scene.defer(async () => {
      if (program.isRunning()) program.kill('SIGTERM')
      await program.ended
    })
    return program
  }
  return {
    redis,
    data,
    environment,
    startAggregator: (more) => start('services/aggregator/main.ts', more),
    startFleet: (more) => start(fleetScript, { ...fleetOfTwo, ...more }),
    startFarFleet: (hidden, more) => start(fleetScript, { ...fleetOfTwo, ...more }, hidden),
    startApi: (port, more) => start('services/api/main.ts', { PORT: String(port), ...more }),
  }
}
