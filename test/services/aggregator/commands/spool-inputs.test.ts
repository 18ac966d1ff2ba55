import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createSpoolInputs } from '../../../../services/aggregator/commands/spool-inputs.ts'
import { openSpool, ticketFile, type Spool } from '../../../../shared/files/spool.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { makeAcceptance } from '../../../helpers/ledger/records.ts'

const [one, two] = [hash('sha256', 'one'), hash('sha256', 'two')]

/** A spool with two unused inputs. `meanwhile` is called between the check of the inputs and that of the tickets. */
function setUp(t: TestContext, meanwhile: (spool: Spool) => void = () => undefined) {
  const spool = openSpool(makeFolder(t))
  for (const content of ['one', 'two']) {
    writeFileSync(join(spool.inputs, hash('sha256', content)), content)
  }
  const needed = new Set<string>()
  const watched = {
    ...spool,
    get tickets() {
      meanwhile(spool)
      return spool.tickets
    },
  }
  const inputs = createSpoolInputs({ spool: watched, isNeeded: (sha256) => needed.has(sha256) })
  return { spool, inputs, needed, left: () => readdirSync(spool.inputs).toSorted() }
}

const ticketText = (content: string): string => JSON.stringify(makeAcceptance([content]))

test('an unused input is removed, a used one is kept', (t) => {
  const { inputs, needed, left, spool } = setUp(t)
  needed.add(two)
  inputs.drop([one, two, hash('sha256', 'unknown')])
  assert.deepEqual(left(), [two])
  assert.deepEqual(readdirSync(spool.tmp), [])
})

test('an input named by a ticket or its draft is kept', (t) => {
  const { inputs, left, spool } = setUp(t)
  writeFileSync(ticketFile(spool, 'u1'), ticketText('one'))
  writeFileSync(join(spool.tmp, 'x.ticket'), ticketText('two'))
  inputs.drop([one, two])
  assert.deepEqual(left(), [one, two].toSorted())
})

test('an input uploaded again during its removal is kept', (t) => {
  const { inputs, left, spool } = setUp(t, ({ inputs: folder, tmp }) => {
    writeFileSync(join(tmp, 'new'), 'one')
    renameSync(join(tmp, 'new'), join(folder, one))
  })
  inputs.drop([one, two])
  assert.deepEqual(left(), [one])
  assert.equal(readFileSync(join(spool.inputs, one), 'utf8'), 'one')
})

test('an input removal interrupted by a crash is undone', (t) => {
  const { inputs, left, spool } = setUp(t)
  renameSync(join(spool.inputs, one), join(spool.tmp, `${one}.removed`))
  writeFileSync(join(spool.tmp, 'a draft'), 'two')
  inputs.recover()
  assert.deepEqual(left(), [one, two].toSorted())
  assert.ok(existsSync(join(spool.tmp, 'a draft')))
})
