import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createKeys } from '../../../shared/redis/keys.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { startProgram, type Program } from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'

const program = 'scripts/scriptorium.js'

function startWorkers(scene: Scene, environment: NodeJS.ProcessEnv, words: string[] = []): Program {
  const workers = startProgram(program, ['workers', ...words], { environment })
  scene.defer(() => workers.isRunning() && workers.kill('SIGKILL'))
  return workers
}

async function setUp(t: TestContext) {
  const scene = createScene(t)
  return { scene, services: await createServices(scene) }
}

test('the workers command reads for shared services, and SIGTERM ends it with its workers', async (t) => {
  const { scene, services } = await setUp(t)
  const { environment } = services
  await writePages(scene.input, manyPaths(4))
  services.startAggregator()
  const workers = startWorkers(scene, environment, ['--workers', '2'])
  const ingest = startProgram(program, ['ingest', scene.input, '--out', scene.out], { environment })
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 0, stderr + workers.stderr())
  assert.match(stdout, /4 read, 0 failed/)
  assert.match(workers.stderr(), /"size":2,"msg":"started"/)
  workers.kill('SIGTERM')
  assert.equal((await workers.ended).code, 0)
})

test('workers that cannot start end the command with 9, and Redis has the reason for the waiting runs', async (t) => {
  const { scene, services } = await setUp(t)
  const environment = {
    ...services.environment,
    SCRIPTORIUM_ENGINE: 'tesseract.js',
    SCRIPTORIUM_LANGUAGES: 'xyz',
  }
  const workers = startWorkers(scene, environment, ['--workers', '1'])
  const { code, stderr } = await workers.ended
  assert.equal(code, 9, stderr)
  const keys = createKeys('scriptorium')
  const failure = await services.redis.connect().get(keys.startFailure)
  assert.match(failure ?? '', /unknown_language/)
})

test('without REDIS_URL the workers command ends with the cure', async (t) => {
  const scene = createScene(t)
  const { code, stderr } = await startWorkers(scene, scene.environment).ended
  assert.equal(code, 9)
  assert.match(stderr, /^workers: .*REDIS_URL/)
})
