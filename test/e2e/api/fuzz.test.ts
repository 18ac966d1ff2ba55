import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { brokenHttp, damagedHttp, type BrokenHttp } from '../../helpers/fuzz/broken-http.ts'
import { requestFor, type FuzzRequest } from '../../helpers/fuzz/requests.ts'
import { send, sendBytes, type FuzzAnswer } from '../../helpers/fuzz/send.ts'
import {
  readSpecification,
  type Operation,
  type Specification,
} from '../../helpers/fuzz/specification.ts'
import { endless, stockUp } from '../../helpers/fuzz/stock.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { pngOf, textOf, writePages } from '../../helpers/pages/pages.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { startService, type Service } from '../../helpers/processes/service.ts'

/** `npm run fuzz` sets both: other requests each time, and many more of them. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261)
const runs = Number(process.env['FUZZ_RUNS'] ?? 25)

const maxFileBytes = 200_000
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']

test('The service answers any HTTP input in time and as documented, and survives it', async (t) => {
  const scene = createScene(t)
  const scans = join(scene.folder, 'scans')
  mkdirSync(scans)
  await writePages(scans, ['page.png', 'a/page.png', 'a/b/throw.png'])
  const service = await startService(scene, {
    SCRIPTORIUM_ROOTS: `scans=${scans}`,
    SCRIPTORIUM_URL_SOURCES: 'on',
    SCRIPTORIUM_MAX_FILE_BYTES: String(maxFileBytes),
    SCRIPTORIUM_MAX_REQUEST_BYTES: String(4 * maxFileBytes),
    SCRIPTORIUM_MAX_FILES: '50',
    SCRIPTORIUM_RATE_LIMIT: '0',
  })
  const fuzz = await begin(scene, service)
  const before = processesOf(scene)

  // Deleting operations come last, so that the others have documents to work on.
  const { operations } = fuzz.specification
  for (const operation of operations.toSorted(byDamage)) {
    await t.test(`${operation.method} ${operation.path}`, () => fuzz.sendTo(operation))
  }
  await t.test('unsupported methods of a path are rejected', () => wrongMethods(fuzz))
  for (const broken of brokenHttp) {
    await t.test(`broken HTTP: ${broken.name}`, () => fuzz.sendBroken(broken))
  }
  await t.test('requests with damaged bytes', () => fuzz.sendDamaged())

  await isAsBefore(t, service)
  assert.deepEqual(processesOf(scene), before, 'a process died')
  const log = readFileSync(join(service.data, 'scriptorium.log'), 'utf8').split('\n')
  assert.deepEqual(
    log.filter((line) => /request failed|"level":60/.test(line)),
    [],
  )
})

const byDamage = (a: Operation, b: Operation): number =>
  Number(a.method === 'delete') - Number(b.method === 'delete')

interface Fuzz {
  address: string
  specification: Specification
  sendTo: (operation: Operation) => Promise<void>
  sendBroken: (broken: BrokenHttp) => Promise<void>
  sendDamaged: () => Promise<void>
  judge: (operation: Operation, answer: FuzzAnswer) => void
}

async function begin(scene: Scene, service: Service): Promise<Fuzz> {
  const { address } = service
  const described = await fetch(`${address}/openapi.json`)
  const specification = readSpecification(
    (await described.json()) as Parameters<typeof readSpecification>[0],
  )
  const stock = await stockUp(service, maxFileBytes)
  const tellsNoFolder = (text: string): void =>
    assert.ok(
      !text.includes(scene.folder),
      `the answer contains a folder of the host: ${text.slice(0, 500)}`,
    )
  const judge: Fuzz['judge'] = (operation, { status, mediaType, headers, body }) => {
    assert.ok(status < 500, `status ${status}: ${body.slice(0, 500)}`)
    specification.judge(operation, status, mediaType, body)
    assert.ok(headers['x-request-id'] !== undefined, 'missing request id')
    tellsNoFolder(body)
  }
  const judgeBytes = (text: string, mostAnswers: number): void => {
    const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((answer) => answer !== '')
    assert.ok(answers.length <= mostAnswers, `${answers.length} answers: ${text.slice(0, 2_000)}`)
    for (const answer of answers) {
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
      const mediaType = /^content-type: ([^;\r\n]+)/im.exec(head)?.[1] ?? ''
      assert.ok(status < 500, answer)
      if (status >= 400) specification.judgeProblem(status, mediaType, body)
      tellsNoFolder(answer)
    }
  }
  return {
    address,
    specification,
    judge,
    async sendTo(operation) {
      const check = async (request: FuzzRequest): Promise<void> =>
        judge(operation, await send(address, request))
      const property = fc.asyncProperty(requestFor(operation, stock), check)
      const numRuns = operation.bodies.size > 1 ? 4 * runs : runs
      await fc.assert(property, { ...settings, numRuns })
    },
    async sendBroken({ pieces, mostAnswers }) {
      judgeBytes(await sendBytes(address, pieces), mostAnswers)
    },
    async sendDamaged() {
      const property = fc.asyncProperty(damagedHttp, async (bytes) =>
        judgeBytes(await sendBytes(address, [bytes]), Number.POSITIVE_INFINITY),
      )
      await fc.assert(property, { ...settings, numRuns: 4 * runs })
    },
  }
}

/** A failure reports the seed, the path to the counterexample, and the smallest request that still fails. */
const settings = { seed, numRuns: runs, maxSkipsPerRun: 0, interruptAfterTimeLimit: 120_000 }

async function wrongMethods({ address, specification, judge }: Fuzz): Promise<void> {
  for (const path of new Set(specification.operations.map((operation) => operation.path))) {
    const own = specification.operations.filter((operation) => operation.path === path)
    const right = new Set(own.map(({ method }) => method.toUpperCase()))
    const [operation] = own
    if (operation === undefined) continue
    // `/v1/documents/check` is an id of `/v1/documents/{id}` too.
    const others = specification.operations.filter(({ path: other }) => covers(other, path))
    for (const { method } of others) right.add(method.toUpperCase())
    if (right.has('GET')) right.add('HEAD')
    for (const method of methods.filter((one) => !right.has(one))) {
      const asked = path.replaceAll('{id}', 'x')
      const answer = await send(address, { method, path: asked, headers: {} })
      assert.equal(answer.status, 405, `${method} ${path}`)
      if (method !== 'HEAD') judge(operation, answer)
      const allowed = String(answer.headers['allow']).split(', ')
      assert.deepEqual(allowed.toSorted(), [...right].toSorted(), `${method} ${path}`)
    }
  }
}

const covers = (template: string, path: string): boolean =>
  new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/{}]+')}$`).test(path)

/** The paused queue continues, and an uploaded page is read correctly. */
async function isAsBefore(t: TestContext, { client, address }: Service): Promise<void> {
  await t.test('the service still works correctly', async () => {
    const headers = { 'content-type': 'application/json' }
    await fetch(`${address}/v1/queue`, { method: 'PUT', body: '{"paused":false}', headers })
    for await (const { id, name } of client.all<DocumentView>('/v1/documents?status=reading')) {
      if (name === endless) await client.cancel(id)
    }
    const file = new File([new Uint8Array(await pngOf('after'))], 'after.png')
    const view = await client.upload([file], { wait: 20 })
    assert.ok('id' in view)
    assert.equal(view.outcome, 'succeeded')
    assert.equal((await client.text(view.id)).trim(), await textOf('after'))
  })
}

const processesOf = ({ folder }: Scene) =>
  ['services/api/main.ts', 'services/aggregator/main.ts'].map((part) => findProcesses(folder, part))
