import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { repository, startCommand } from '../helpers/processes/processes.ts'
import { createScene, type Scene } from '../helpers/processes/scene.ts'
import { version } from '../../shared/process/version.ts'

/**
 * Packs the repository and unpacks the package below a `node_modules`, beside links to our own dependencies: npm itself
 * would fetch them. Returns the folder of the project that has it installed.
 */
async function installPackage({ folder, environment }: Scene): Promise<string> {
  const run = async (command: string, ...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await startCommand(command, words, { environment }).ended
    assert.equal(code, 0, `${command}: ${stdout}${stderr}`)
    return stdout
  }
  await run('npm', 'pack', '--loglevel=error', '--pack-destination', folder)
  const project = join(folder, 'project')
  const modules = join(project, 'node_modules')
  const own = join(modules, 'scriptorium')
  mkdirSync(own, { recursive: true })
  const file = join(folder, `scriptorium-${version}.tgz`)
  await run('tar', '-xzf', file, '-C', own, '--strip-components=1')
  for (const name of readdirSync(join(repository, 'node_modules')))
    if (!name.startsWith('.'))
      symlinkSync(join(repository, 'node_modules', name), join(modules, name))
  mkdirSync(join(modules, '.bin'))
  symlinkSync('../scriptorium/scripts/scriptorium.js', join(modules, '.bin/scriptorium'))
  return project
}

test('the package, installed in another project, prints its version, reads a page and serves, without TypeScript', async (t) => {
  const scene = createScene(t)
  const project = await installPackage(scene)
  const packed = readdirSync(join(project, 'node_modules/scriptorium'), { recursive: true })
  assert.deepEqual(
    packed.filter((name) => /[.]ts$/.test(String(name))),
    [],
  )
  // The engine is the real one.
  const { SCRIPTORIUM_ENGINE: _, ...rest } = scene.environment
  const environment = {
    ...rest,
    HOME: scene.folder,
    PATH: [dirname(process.execPath), rest['PATH']].join(delimiter),
    PORT: '0',
    SCRIPTORIUM_WORKERS: '1',
  }
  const start = (...words: string[]) =>
    startCommand('npx', ['scriptorium', ...words], { environment, folder: project })

  const asked = await start('--version').ended
  assert.deepEqual([asked.code, asked.stdout], [0, `${version}\n`], asked.stderr)

  // Relative paths begin in the project.
  mkdirSync(join(project, 'scans'))
  const sample = join(project, 'node_modules/scriptorium/samples/seeds.png')
  await sharp(sample)
    .extract({ left: 0, top: 0, width: 1_000, height: 500 })
    .png()
    .toFile(join(project, 'scans/seeds.png'))
  const read = await start('ingest', 'scans', '--out', 'texts', '--quiet').ended
  assert.deepEqual([read.code, read.stdout], [0, ''], read.stderr)
  assert.match(readFileSync(join(project, 'texts/seeds.png.txt'), 'utf8'), /\w{4,}/)

  const own = join(project, 'node_modules/.bin/scriptorium')
  const service = startCommand(own, ['serve'], { environment, folder: project })
  scene.defer(() => service.isRunning() && service.kill('SIGKILL', 'group'))
  await service.until('the greeting', () => service.stdout().includes('listens on'))
  assert.match(service.stdout(), /files=@node_modules\/scriptorium\/samples\/recipe\.jpg/)
  assert.match(service.stdout(), / data\/scriptorium\.log$/m)
  const address = /http:\/\/\S+?:\d+/.exec(service.stdout())?.[0] ?? ''
  const page = await fetch(address)
  assert.match(await page.text(), /<script type="module"[^>]* src="\/assets\//)
  service.kill('SIGTERM')
  assert.equal((await service.ended).code, 0, service.stderr())
})
