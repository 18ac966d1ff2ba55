import { join } from 'node:path'
import { startProgram, type Program } from './processes.ts'
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
  const start = (script: string, more: NodeJS.ProcessEnv = {}): Program => {
    const program = startProgram(script, [], { environment: { ...environment, ...more } })
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
    startFleet: (more) => start('workers/fleet/main.ts', { SCRIPTORIUM_WORKERS: '2', ...more }),
  }
}
