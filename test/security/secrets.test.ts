import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeOld } from '../helpers/pages/pages.ts'
import { createScene } from '../helpers/processes/scene.ts'
import { pdfOf } from '../helpers/pages/scanned-pdf.ts'
import { fileOf, startService } from '../helpers/processes/service.ts'

const password = 'heron-and-lantern-4711'
const tokens = `ops:admin:${'ab'.repeat(32)}`
const pdf = () => pdfOf([{ width: 595, height: 842, text: { lines: ['Locked.'], mode: 0 } }])

/** Files below a folder that hold one of these texts. */
function filesWith(folder: string, texts: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = join(folder, name)
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false
    const bytes = readFileSync(file)
    return texts.some((text) => bytes.includes(text))
  })
}

/** Command lines and environments, as `ps` shows them, of processes that name this folder in either. */
function processesOf(folder: string): { command: string; environment: string }[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^[0-9]+$/.test(pid)) return []
    try {
      const [command, environment] = ['cmdline', 'environ'].map((name) =>
        readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' '),
      )
      if (command === undefined || environment === undefined) return []
      return `${command} ${environment}`.includes(folder) ? [{ command, environment }] : []
    } catch {
      return [] // It has ended, or is another user's.
    }
  })
}

const skip = process.platform !== 'linux' && 'this machine has no /proc'

test('the password of an upload reaches no file, not even that of Redis', { skip }, async (t) => {
  const scene = createScene(t)
  const { client, data } = await startService(scene, { SCRIPTORIUM_LOG_LEVEL: 'trace' })
  const file = new File([new Uint8Array(pdf())], 'locked.pdf')
  await client.upload([file], { options: { pdfPassword: password } })
  await client.upload([await fileOf('after')], { wait: 30 })
  // Redis writes to its file before it answers, within the second at the latest.
  assert.ok(filesWith(join(data, 'redis'), ['sealed:']).length > 0, 'the encrypted password exists')
  assert.deepEqual(filesWith(data, [password]), [])
})

test('no secret is in a command line or in the environment of Redis', { skip }, async (t) => {
  const scene = createScene(t)
  writeOld(join(scene.input, 'slow.png'), 'x')
  writeFileSync(join(scene.input, 'locked.pdf'), pdf())
  const running = scene.start([scene.input, '--pdf-password', password], {
    SCRIPTORIUM_TOKENS: tokens,
    FAULT_SLOW_MS: '1000',
  })
  const found = await running.until('Redis and a worker', () => {
    const all = processesOf(scene.folder)
    const has = (what: RegExp): boolean => all.some(({ command }) => what.test(command))
    return has(/redis-server/) && has(/ocr\/main/) ? all : undefined
  })
  for (const { command, environment } of found) {
    assert.ok(!command.includes(password), command)
    assert.ok(!command.includes('SCRIPTORIUM_SECRET'), command)
    const isOurRedis = /redis-server/.test(command)
    if (isOurRedis) assert.doesNotMatch(environment, /SCRIPTORIUM_|TOKENS/)
    if (/ocr\/main/.test(command)) assert.ok(!environment.includes(tokens))
    assert.ok(!environment.includes(password), command)
  }
  await running.ended
  assert.deepEqual(filesWith(scene.out, [password]), [])
})
