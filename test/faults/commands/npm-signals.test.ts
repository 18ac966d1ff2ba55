import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { manyPaths, pngOf, writePages } from '../../helpers/pages/pages.ts'
import {
  assertNoneLeft,
  repository,
  startCommand,
  type Program,
} from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'
import { logLines } from '../../helpers/processes/service.ts'
import { withoutTools } from '../../helpers/tools.ts'
import { waitFor } from '../../helpers/wait.ts'

const draining = 'Finishing the pages in progress'
const count = (text: string, part: string): number => text.split(part).length - 1

const serviceEnvironment = (scene: Scene): NodeJS.ProcessEnv => ({
  ...scene.environment,
  PORT: '0',
  SCRIPTORIUM_DATA: join(scene.folder, 'data'),
  SCRIPTORIUM_WORKERS: '1',
})

function startNpm(
  arguments_: readonly string[],
  environment: NodeJS.ProcessEnv,
  scene: Scene,
): Program {
  const npm = startCommand('npm', arguments_, { environment })
  scene.defer(() => npm.isRunning() && npm.kill('SIGKILL', 'group'))
  return npm
}

const ways = [
  ['npm alone, as `kill $!` does', undefined],
  ['its process group, as a supervisor does', 'group'],
] as const

for (const [whom, group] of ways) {
  test(`SIGTERM to ${whom}, ends npm start and all its processes, once`, async (t) => {
    const scene = createScene(t)
    const npm = startNpm(['start'], { ...serviceEnvironment(scene), FAULT_SLOW_MS: '8000' }, scene)
    const address = await npm.until(
      'the service answers',
      () => /listens on (\S+)/.exec(npm.stdout())?.[1],
    )
    // While the fleet finishes this page, the aggregator has ended already where the group was signalled.
    const form = new FormData()
    form.append('files', new Blob([Uint8Array.from(await pngOf('slow'))]), 'slow.png')
    assert.equal(
      (await fetch(`${address}/v1/documents`, { method: 'POST', body: form })).status,
      202,
    )
    await npm.until('the page is begun', () => scene.readings().size > 0)
    npm.kill('SIGTERM', group)
    assert.equal((await npm.ended).code, 0)
    await assertNoneLeft(scene.folder)
    assert.equal(count(npm.stdout(), draining), 1)
    const stops = logLines(join(scene.folder, 'data')).filter(({ msg }) => msg === 'stopping')
    const components = stops.map(({ component }) => component)
    assert.equal(components.length, new Set(components).size, `each once: ${components.join(' ')}`)
  })
}

test('SIGTERM to npm alone finishes the pages in hand, and npm run ingest exits with 130', async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, manyPaths(30, 'slow'))
  const command = ['run', 'ingest', '--', scene.input, '--out', scene.out, '--workers', '1']
  const npm = startNpm(command, { ...scene.environment, FAULT_SLOW_MS: '200' }, scene)
  await npm.until('some pages are begun', () => scene.readings().size >= 3)
  npm.kill('SIGTERM')
  const { code, stdout, stderr } = await npm.ended
  assert.equal(code, 130, stderr)
  assert.match(stdout, /^Interrupted: \d+ read, 0 failed, \d+ left\.$/m)
  assert.equal(count(stderr, draining), 1)
  await assertNoneLeft(scene.folder)
})

test('SIGTERM to npm ends each separately started role', async (t) => {
  const scene = createScene(t)
  const { environment } = await createServices(scene)
  const roles: [script: string, sign: string][] = [
    ['start:aggregator', '"ready"'],
    ['start:workers', '"msg":"'],
    ['start:api', '"msg":"'],
  ]
  for (const [script, sign] of roles) {
    const settings = { ...environment, PORT: '0', SCRIPTORIUM_WORKERS: '1' }
    const npm = startNpm(['run', script], settings, scene)
    await npm.until(`${script} says something`, () => npm.stderr().includes(sign))
    npm.kill('SIGTERM')
    assert.equal((await npm.ended).code, 0, `${script}: ${npm.stderr()}`)
  }
})

test(
  'Ctrl-C in a terminal ends npm start once and leaves no process',
  {
    skip: withoutTools('script'),
  },
  async (t) => {
    const scene = createScene(t)
    const environment = serviceEnvironment(scene)
    // Without `exec` a shell may stay between the two (dash does), and Ctrl-C ends it: `script` exits with 130 then.
    const terminal = spawn('script', ['-qfec', 'exec npm start', '/dev/null'], {
      cwd: repository,
      env: environment,
    })
    let screen = ''
    terminal.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()))
    const ended = once(terminal, 'exit')
    scene.defer(() => terminal.kill('SIGKILL'))
    await waitFor('the service answers', () => screen.includes('listens on'))
    terminal.stdin.write('\u0003')
    assert.deepEqual(await ended, [0, null], screen)
    assert.equal(count(screen, draining), 1)
    await assertNoneLeft(scene.folder)
  },
)

test('Every npm script replaces its shell by its last command, so that signals arrive', () => {
  const text = readFileSync(join(repository, 'package.json'), 'utf8')
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> }
  for (const [name, script] of Object.entries(scripts)) {
    const last = script.split(/ && /).at(-1) ?? ''
    assert.match(last, /^exec /, `${name}: sh -c passes no signal on`)
  }
})
