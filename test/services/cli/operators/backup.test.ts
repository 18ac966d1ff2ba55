import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ledgerFile, openLedger } from '../../../../services/ledger/ledger.ts'
import { finishRestore } from '../../../../services/ledger/copies/restored.ts'
import { takeFolder } from '../../../../services/aggregator/lease/lease.ts'
import { backUp } from '../../../../services/cli/operators/backup/backup.ts'
import { manifestFile } from '../../../../services/cli/operators/backup/manifest.ts'
import { restore } from '../../../../services/cli/operators/backup/restore.ts'
import { takeLock } from '../../../../shared/files/file-lock.ts'
import { openSpool, ticketFile } from '../../../../shared/files/spool.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { firstPass, makePlan } from '../../../helpers/ledger/ledger.ts'
import { input, makePage, makeRequest } from '../../../helpers/ledger/records.ts'

/** A data folder with a document, an upload's file and a ticket, whose ledger is open as an aggregator has it. */
function setUp(t: TestContext) {
  const home = makeFolder(t)
  const data = join(home, 'data')
  const ledger = openLedger(data, { isSearchable: true })
  let isOpen = true
  const close = (): void => {
    if (isOpen) ledger.close()
    isOpen = false
  }
  t.after(close)
  ledger.runs.add(makeRequest(), 'fp')
  const read = (id: string): void => {
    ledger.documents.plan(makePlan(id))
    ledger.documents.setInput(firstPass(id), input, 1)
    ledger.pages.putResult(id, makePage({ text: `text of ${id}` }))
  }
  read('d1')
  const spool = openSpool(data)
  const upload = (content: string): string => {
    const sha256 = hash('sha256', content)
    writeFileSync(join(spool.inputs, sha256), content)
    return sha256
  }
  const sha256 = upload('an upload')
  writeFileSync(ticketFile(spool, 'u1'), '{"a":"ticket"}')
  return { home, data, backup: join(home, 'backup'), ledger, close, read, spool, upload, sha256 }
}

const documentsOf = (data: string): string[] => {
  const ledger = openLedger(data, { readOnly: true })
  try {
    return ['d1', 'd2'].filter((id) => ledger.pages.result(id, 1)?.text === `text of ${id}`)
  } finally {
    ledger.close()
  }
}

test('a backup of a folder in use contains ledger, uploads and tickets, and can be restored elsewhere', async (t) => {
  const { home, data, backup, read, sha256 } = setUp(t)
  const { manifest } = await backUp(data, backup)
  read('d2')
  assert.deepEqual(
    manifest.files.map(({ path }) => path),
    ['ledger.sqlite', `spool/inputs/${sha256}`, 'spool/tickets/u1.json'],
  )
  assert.deepEqual(readdirSync(home).toSorted(), ['backup', 'data'])
  const elsewhere = join(home, 'elsewhere')
  const { aside } = await restore(backup, elsewhere)
  assert.equal(aside, undefined)
  assert.deepEqual(documentsOf(elsewhere), ['d1'])
  assert.equal(readFileSync(join(elsewhere, 'spool/inputs', sha256), 'utf8'), 'an upload')
  assert.equal(readFileSync(join(elsewhere, 'spool/tickets/u1.json'), 'utf8'), '{"a":"ticket"}')
  openLedger(elsewhere, { isSearchable: true }).close()
})

test('the previous content is kept', async (t) => {
  const { data, backup, read, close, upload } = setUp(t)
  await backUp(data, backup)
  read('d2')
  const later = upload('later')
  close()
  const { aside } = await restore(backup, data)
  assert.ok(aside !== undefined)
  assert.deepEqual(documentsOf(data), ['d1'])
  assert.deepEqual(documentsOf(aside), ['d1', 'd2'])
  assert.equal(existsSync(join(data, 'spool/inputs', later)), false)
  assert.equal(readFileSync(join(aside, 'spool/inputs', later), 'utf8'), 'later')
  assert.equal(existsSync(join(data, 'restoring')), false)
})

test('a backup of an output folder is restored into .scriptorium', async (t) => {
  const home = makeFolder(t)
  const out = join(home, 'out')
  openLedger(join(out, '.scriptorium')).close()
  const { manifest } = await backUp(out, join(home, 'backup'))
  assert.equal(manifest.kind, 'output')
  const { folder } = await restore(join(home, 'backup'), join(home, 'other'))
  assert.equal(folder, join(home, 'other', '.scriptorium'))
  assert.ok(existsSync(ledgerFile(folder)))
})

test('a folder in use is not restored to', async (t) => {
  const { data, backup, close } = setUp(t)
  await backUp(data, backup)
  const refused = { code: 'output_held', message: /is in use by .*; stop it first$/ }
  // An API has the ledger open, and no lock.
  await assert.rejects(restore(backup, data), refused)
  close()
  for (const name of ['run.lock', 'aggregator.lock']) {
    const lock = takeLock(join(data, name))
    assert.ok('release' in lock)
    await assert.rejects(restore(backup, data), refused)
    lock.release()
  }
  await restore(backup, data)
})

test('a damaged backup is rejected, and changes nothing', async (t) => {
  const { home, data, backup, close, sha256 } = setUp(t)
  await backUp(data, backup)
  close()
  const damage = [
    (): void => appendFileSync(join(backup, 'ledger.sqlite'), 'x'),
    (): void => {
      const file = join(backup, 'ledger.sqlite')
      const bytes = readFileSync(file)
      bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000)
      rmSync(file)
      writeFileSync(file, bytes)
    },
    (): void => rmSync(join(backup, 'spool/inputs', sha256)),
    (): void => writeFileSync(manifestFile(backup), '{"v":1}'),
    (): void => {
      const text = readFileSync(manifestFile(backup), 'utf8')
      writeFileSync(manifestFile(backup), text.replace('spool/tickets/', '../'))
    },
    (): void => rmSync(manifestFile(backup)),
  ]
  const target = join(home, 'target')
  for (const each of damage) {
    each()
    await assert.rejects(restore(backup, target), { code: 'backup_damaged' })
    assert.deepEqual(
      readdirSync(target).filter((name) => !name.includes('.lock')),
      [],
    )
    rmSync(backup, { recursive: true })
    await backUp(data, backup)
  }
})

test('a backup of a newer version is refused', async (t) => {
  const { home, data, backup } = setUp(t)
  await backUp(data, backup)
  const text = readFileSync(manifestFile(backup), 'utf8')
  writeFileSync(manifestFile(backup), text.replace(/"ledgerVersion": \d+/, '"ledgerVersion": 999'))
  await assert.rejects(restore(backup, join(home, 'target')), { code: 'configuration' })
})

test('a damaged ledger is not backed up, a damaged upload is skipped and reported', async (t) => {
  const { home, data, backup, close, sha256, upload } = setUp(t)
  const good = upload('good')
  writeFileSync(join(data, 'spool/inputs', sha256), 'something else')
  const { damaged, manifest } = await backUp(data, backup)
  assert.deepEqual(damaged, [sha256])
  const paths = manifest.files.map(({ path }) => path)
  assert.ok(paths.includes(`spool/inputs/${good}`) && !paths.includes(`spool/inputs/${sha256}`))
  assert.ok(existsSync(join(data, 'spool/inputs', sha256)), 'the source stays unchanged')

  close()
  const bytes = readFileSync(ledgerFile(data))
  writeFileSync(ledgerFile(data), bytes.fill(0x5a, 4_096, 3 * 4_096))
  await assert.rejects(backUp(data, join(home, 'second')), { code: 'ledger_damaged' })
  assert.deepEqual(readdirSync(home).toSorted(), ['backup', 'data'])
  await restore(backup, data)
  assert.deepEqual(documentsOf(data), ['d1'])
})

test('an existing backup and a folder without a ledger are rejected', async (t) => {
  const { home, data, backup } = setUp(t)
  await backUp(data, backup)
  await assert.rejects(backUp(data, backup), { code: 'bad_arguments' })
  await assert.rejects(backUp(home, join(home, 'second')), { code: 'input_unreadable' })
})

test('a restore interrupted at any point is completed by the next process', async (t) => {
  const { home, data, backup, close, read } = setUp(t)
  await backUp(data, backup)
  read('d2')
  close()
  const aside = 'before-restore-1'
  const staged = (folder: string) => join(folder, 'restoring')
  /** Each rename that puts a restore in place, in order. */
  const renames: [from: string, to: string][] = [
    ['spool', `${aside}/spool`],
    ['ledger.sqlite', `${aside}/ledger.sqlite`],
    ['restoring/aside', 'restoring/aside-done'],
    ['restoring/spool', 'spool'],
    ['restoring/ledger.sqlite', 'ledger.sqlite'],
  ]
  for (let cut = 0; cut <= renames.length; cut += 1) {
    const folder = join(home, `cut-${cut}`)
    mkdirSync(join(folder, aside), { recursive: true })
    for (const name of ['ledger.sqlite', 'spool']) copy(join(data, name), join(folder, name))
    for (const name of ['ledger.sqlite', 'spool'])
      copy(join(backup, name), join(staged(folder), name))
    writeFileSync(join(staged(folder), 'aside'), aside)
    for (const [from, to] of renames.slice(0, cut)) renameSync(join(folder, from), join(folder, to))
    takeFolder(folder)()
    assert.deepEqual(documentsOf(folder), ['d1'], `cut after ${cut} renames`)
    assert.deepEqual(documentsOf(join(folder, aside)), ['d1', 'd2'])
    assert.equal(existsSync(staged(folder)), false)
    assert.equal(finishRestore(folder), undefined)
  }
})

function copy(from: string, to: string): void {
  if (statSync(from).isFile()) {
    mkdirSync(join(to, '..'), { recursive: true })
    writeFileSync(to, readFileSync(from))
  } else for (const name of readdirSync(from)) copy(join(from, name), join(to, name))
}
