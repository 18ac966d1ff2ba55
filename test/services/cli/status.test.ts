import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ledgerFile, openLedger } from '../../../services/ledger/ledger.ts'
import { stateFolder } from '../../../services/outputs/files/output-files.ts'
import { runLock } from '../../../services/cli/ingest/own-processes.ts'
import { findStatus, formatStatus } from '../../../services/cli/status.ts'
import { takeLock } from '../../../shared/files/file-lock.ts'
import { makeFolder, type Ending } from '../../helpers/folder.ts'
import { runAsOther, withMode } from '../../helpers/processes/other-user.ts'
import { makeRequest } from '../../helpers/ledger/records.ts'

/** An output folder that others may look into, with the ledger of a run that has not ended. */
function makeOut(ending: Ending) {
  const folder = makeFolder(ending)
  chmodSync(folder, 0o755)
  const out = join(folder, 'out')
  const state = stateFolder(out)
  const ledger = openLedger(state)
  ledger.runs.add(makeRequest({ out }), 'fp')
  ledger.close()
  return { out, state }
}

/** Runs it as another user, with read permission only. */
function askAsOther(out: string, state: string) {
  for (const name of readdirSync(state)) chmodSync(join(state, name), 0o644)
  return withMode(state, 0o555, () => runAsOther('scripts/scriptorium.js', ['status', out]))
}

test("another user's run is shown after its end, while its ledger is open, and after a kill", (t) => {
  const { out, state } = makeOut(t)
  const ledger = openLedger(state)
  ledger.runs.add(makeRequest({ runId: 'r2', out }), 'fp')
  const cutOff = /^Started .* and interrupted with 0 documents open/
  const whileOpen = askAsOther(out, state)
  assert.match(whileOpen.stdout, cutOff, whileOpen.stderr)

  // A killed process leaves a file with a log beside it.
  const killed = join(out, '..', 'killed')
  cpSync(out, killed, { recursive: true })
  ledger.close()
  assert.deepEqual(readdirSync(state), ['ledger.sqlite'])
  const atRest = askAsOther(out, state)
  assert.match(atRest.stdout, cutOff, atRest.stderr)
  assert.deepEqual(readdirSync(state), ['ledger.sqlite'], 'nothing is left beside it')

  rmSync(out, { recursive: true })
  cpSync(killed, out, { recursive: true })
  const afterKill = askAsOther(out, state)
  assert.match(afterKill.stdout, cutOff, afterKill.stderr)

  rmSync(`${ledgerFile(state)}-shm`)
  const { code, stderr } = askAsOther(out, state)
  assert.equal(code, 5)
  assert.match(stderr, /belongs to a killed run.* run the command as its owner \(user \d+\)/)
})

test('a locked run counts as active even if its Redis is unreachable', async (t) => {
  const { out, state } = makeOut(t)
  const lock = takeLock(join(state, runLock))
  assert.ok('release' in lock)
  t.after(lock.release)
  const found = await findStatus(out, {})
  assert.equal(found.state, 'held')
  assert.match(formatStatus(found), new RegExp(`^Running since .*process ${process.pid} on `))
  assert.match(askAsOther(out, state).stdout, /^Running since /)
})

test('a link to the output folder is resolved', async (t) => {
  const { out } = makeOut(t)
  const link = join(out, '..', 'link')
  symlinkSync(out, link)
  assert.equal((await findStatus(link, {})).state, 'cut off')
})

test('a missing folder is distinguished from one without a run', async (t) => {
  const folder = makeFolder(t)
  const gone = findStatus(join(folder, 'gone'), {})
  await assert.rejects(gone, { code: 'input_unreadable', exitCode: 5, message: /gone .*ENOENT/ })
  const unknown = { code: 'input_unreadable', message: /no run that wrote to \S+ is known/ }
  await assert.rejects(findStatus(folder, {}), unknown)
  openLedger(stateFolder(folder)).close()
  await assert.rejects(findStatus(folder, {}), unknown)
})

test('an unreachable Redis is the answer where only Redis has it', async (t) => {
  const shared = { REDIS_URL: 'redis://127.0.0.1:1' }
  const error = { code: 'redis_unreachable', exitCode: 3 }
  await assert.rejects(findStatus(join(makeFolder(t), 'out'), shared), error)
})

test('an invalid ledger, and one of another version, are named with the cure', async (t) => {
  const { out, state } = makeOut(t)
  const file = ledgerFile(state)
  const saved = join(out, 'saved')
  copyFileSync(file, saved)
  const withVersion = (version: number): void => {
    copyFileSync(saved, file)
    const database = new DatabaseSync(file)
    database.exec(`PRAGMA user_version = ${version}`)
    database.close()
  }
  const cases: [make: () => void, exitCode: number, message: RegExp][] = [
    [
      () => writeFileSync(file, 'no database '.repeat(1_000)),
      5,
      /is not a ledger: .*restore a backup/,
    ],
    [() => writeFileSync(file, ''), 9, /is not a Scriptorium ledger/],
    [() => withVersion(1), 9, /has version 1, not \d+; ingest .*upgrades it/],
    [() => withVersion(1_000), 9, /newer Scriptorium .*start the newer one/],
  ]
  for (const [make, exitCode, message] of cases) {
    make()
    await assert.rejects(findStatus(out, {}), { exitCode, message })
  }
})

test('a folder or ledger without read permission is named, with the refused user', (t) => {
  const { out, state } = makeOut(t)
  for (const closed of [ledgerFile(state), state, out]) {
    const asked = withMode(closed, 0, () => runAsOther('scripts/scriptorium.js', ['status', out]))
    const { code, stdout, stderr } = asked
    assert.equal(code, 5, stdout)
    assert.match(stderr, /cannot be read by user \d+/, closed)
  }
})
