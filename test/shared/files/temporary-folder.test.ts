import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { runScript } from '../../helpers/processes/child.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { repository } from '../../helpers/processes/processes.ts'

const fixture = join(repository, 'test/fixtures/processes/temporary-folder.ts')

/** Starts a process that makes a folder in a place of the test's own. */
async function start(t: TestContext, place: string) {
  const environment = { ...process.env, TMPDIR: place }
  const child = runScript(t, fixture, [], { environment })
  await child.says('folder ')
  const folder = /folder (.+)/.exec(child.output())?.[1] ?? ''
  const kill = async (): Promise<void> => {
    child.process.kill('SIGKILL')
    await child.ended
  }
  return { folder, kill }
}

test('the next process removes the folders of killed processes, and no folder in use', async (t) => {
  const place = makeFolder(t)
  const killed = await start(t, place)
  const living = await start(t, place)
  assert.ok(existsSync(killed.folder))
  await killed.kill()
  const next = await start(t, place)
  assert.ok(!existsSync(killed.folder))
  assert.ok(existsSync(living.folder))
  assert.ok(existsSync(next.folder))
})

test('a folder of unknown state is kept', async (t) => {
  const place = makeFolder(t)
  const killed = await start(t, place)
  await killed.kill()
  const text = readFileSync(join(killed.folder, 'owner.json'), 'utf8')
  const put = (name: string, owner: string): void => {
    mkdirSync(join(place, name))
    writeFileSync(join(place, name, 'owner.json'), owner)
  }
  const elsewhere = JSON.stringify({ ...JSON.parse(text), place: 'another container' })
  put('other-program', text)
  put('scriptorium-elsewhere', elsewhere)
  put('scriptorium-unfinished', text.slice(0, 10))
  mkdirSync(join(place, 'scriptorium-new'))
  const outside = makeFolder(t)
  writeFileSync(join(outside, 'owner.json'), text)
  symlinkSync(outside, join(place, 'scriptorium-link'))
  const next = await start(t, place)
  assert.ok(!existsSync(killed.folder))
  const left = readdirSync(place).filter((name) => join(place, name) !== next.folder)
  assert.deepEqual(left.toSorted(), [
    'other-program',
    'scriptorium-elsewhere',
    'scriptorium-link',
    'scriptorium-new',
    'scriptorium-unfinished',
  ])
  assert.ok(existsSync(join(outside, 'owner.json')))
})

test('a reused process id, or one from before a reboot, does not own the folder', async (t) => {
  const place = makeFolder(t)
  const living = await start(t, place)
  const owner = JSON.parse(readFileSync(join(living.folder, 'owner.json'), 'utf8')) as object
  for (const [name, given] of [
    ['scriptorium-earlier', { ...owner, began: '1' }],
    ['scriptorium-boot', { ...owner, boot: 'before' }],
  ] as const) {
    mkdirSync(join(place, name))
    writeFileSync(join(place, name, 'owner.json'), JSON.stringify(given))
  }
  await start(t, place)
  assert.ok(existsSync(living.folder))
  assert.ok(!existsSync(join(place, 'scriptorium-earlier')))
  assert.ok(!existsSync(join(place, 'scriptorium-boot')))
})

test(
  'folders of other users are left alone',
  {
    skip: process.getuid?.() !== 0 && 'needs root, to be two users',
  },
  async (t) => {
    const place = makeFolder(t)
    const killed = await start(t, place)
    await killed.kill()
    spawnSync('chown', ['-R', '65534', killed.folder])
    await start(t, place)
    assert.ok(existsSync(killed.folder))
  },
)
