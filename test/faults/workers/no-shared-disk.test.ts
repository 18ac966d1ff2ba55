import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { freePort } from '../../../scripts/tools/chaos/world/ports.ts'
import { createClient } from '../../../scripts/client/client.ts'
import { assertComplete, readDocument } from '../../helpers/outcome.ts'
import { manyPaths, textOf, tiffOf, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf } from '../../helpers/processes/service.ts'
import { canHide, createServices } from '../../helpers/processes/services.ts'
import { waitFor } from '../../helpers/wait.ts'

const skip = canHide ? false : 'this system gives processes no mounts of their own'

/** A service with an API, and workers that have neither the input nor the spool. */
async function setUp(t: TestContext, more: NodeJS.ProcessEnv = {}) {
  const scene = createScene(t)
  const services = await createServices(scene)
  mkdirSync(services.data, { mode: 0o700 })
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  const cache = join(scene.folder, 'copies')
  const aggregator = services.startAggregator()
  const startFleet = () =>
    services.startFarFleet([scene.input, services.data], {
      SCRIPTORIUM_API_URL: address,
      SCRIPTORIUM_BLOB_CACHE: cache,
      FAULT_SLOW_MS: '20',
      ...more,
    })
  const startApi = () => services.startApi(port)
  return { scene, services, address, cache, aggregator, startFleet, startApi }
}

test(
  'Workers whose host has none of the files read a folder, a long document and an upload',
  { skip },
  async (t) => {
    const { scene, services, address, cache, startFleet, startApi } = await setUp(t)
    startApi()
    const fleet = startFleet()
    const texts = await writePages(scene.input, manyPaths(12, 'page'))
    const seeds = Array.from({ length: 9 }, (_, index) => `leaf-${index}`)
    writeFileSync(join(scene.input, 'book.tif'), await tiffOf(seeds))
    const { code, stdout, stderr } = await scene.run([scene.input], services.environment)
    assert.equal(code, 0, stdout + stderr + fleet.stderr())
    const book = readDocument(scene.out, 'book.tif')
    const expected = await Promise.all(seeds.map(textOf))
    assert.deepEqual(
      book.pages.map((page) => ('text' in page ? page.text : page)),
      expected,
    )
    texts.set('book.tif', expected.join('\f'))
    assertComplete(scene.out, texts, {}, services.data)
    assert.equal(readdirSync(cache).length, 1, 'only the document of many pages is kept')

    const client = createClient(address)
    const upload = oneOf(await client.upload([await fileOf('sent')], { wait: 30 }))
    assert.equal(upload.outcome, 'succeeded')
    assert.equal(await client.text(upload.id), `${await textOf('sent')}\n`)
    const picture = await fetch(`${address}/v1/documents/${upload.id}/pages/1/image`)
    assert.deepEqual([picture.status, picture.headers.get('content-type')], [200, 'image/webp'])
    const counts = [...scene.readings().values()]
    assert.deepEqual(
      counts.filter((count) => count !== 1),
      [],
      'each page was read once',
    )
  },
)

test(
  'While the API is away, jobs wait with all their attempts, and are read once it is back',
  { skip },
  async (t) => {
    const { scene, services, startFleet, startApi } = await setUp(t, { SCRIPTORIUM_BLOBS: 'http' })
    const api = startApi()
    const fleet = startFleet()
    const texts = await writePages(scene.input, manyPaths(30, 'slow'))
    const run = scene.start([scene.input], services.environment)
    await waitFor('some are read', () => scene.readings().size > 3)
    api.kill('SIGKILL')
    await api.ended
    await fleet.until('jobs go back', () =>
      fleet.stderr().includes('the file of a job cannot be downloaded, the job waits'),
    )
    const before = scene.readings().size
    assert.ok(before < 30, `${before} were read`)
    startApi()
    const { code, stdout, stderr } = await run.ended
    assert.equal(code, 0, stdout + stderr)
    assertComplete(scene.out, texts, {}, services.data)
    assert.doesNotMatch(fleet.stderr(), /reading failed/)
  },
)

test(
  'Tokens that the API does not accept are replaced: the jobs are planned again',
  { skip },
  async (t) => {
    const { scene, services, aggregator, startFleet, startApi } = await setUp(t)
    const texts = await writePages(scene.input, manyPaths(5, 'page'))
    const run = scene.start([scene.input], services.environment)
    const redis = services.redis.connect()
    await waitFor('jobs are added', async () => {
      return (await redis.keys('scriptorium:bull:pages-*:j*')).length === 5
    })
    writeFileSync(join(services.data, 'blob-key'), Buffer.alloc(32, 7))
    startApi()
    const fleet = startFleet()
    await fleet.until('a token is refused', () => fleet.stderr().includes('refuses the token'))
    aggregator.kill('SIGKILL') // It has the former key in memory.
    await aggregator.ended
    services.startAggregator()
    const { code, stdout, stderr } = await run.ended
    assert.equal(code, 0, stdout + stderr)
    assertComplete(scene.out, texts, {}, services.data)
  },
)
