import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createBackgroundPublisher } from '../../../../services/outputs/publish/background-publisher.ts'
import { createDecoder } from '../../../../services/outputs/decoder/decoder.ts'
import { createPublisher } from '../../../../services/outputs/publish/publisher.ts'
import { createOutageLog } from '../../../../shared/process/outage-log.ts'
import { objectStreamBomb } from '../../../helpers/pages/bombs.ts'
import { drawing } from '../../../helpers/pages/drawing.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan, planInto, rowOf } from '../../../helpers/ledger/ledger.ts'
import { silent } from '../../../helpers/processes/private-redis.ts'
import { makePage, makeRequest } from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'

const files: Record<string, [mediaType: string, bytes: Buffer]> = {
  'bomb.pdf': ['application/pdf', objectStreamBomb(150e6)],
  'good.jpg': ['image/jpeg', await drawing().jpeg().toBuffer()],
}

/** A ledger in which these files are read, and wait for their output. */
function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  const [root, out] = [makeFolder(t), makeFolder(t)]
  const formats = ['txt', 'pdf'] as const
  ledger.runs.add(makeRequest({ root, out, formats: [...formats] }), 'fp')
  for (const [id, [mediaType, bytes]] of Object.entries(files)) {
    writeFileSync(join(root, id), bytes)
    planInto(ledger, out, makePlan(id, { path: id }), [...formats])
    const found = { sha256: hash('sha256', bytes), bytes: bytes.length, mediaType }
    ledger.documents.setInput(firstPass(id), found, 1)
    ledger.pages.putResult(id, makePage({ text: `text of ${id}` }))
    const ending = { outcome: 'succeeded', error: null, worker: 'w' } as const
    ledger.documents.setRead(firstPass(id), ending, null)
  }
  const decoder = createDecoder({ maxBytes: 160 * 2 ** 20 })
  t.after(() => decoder.close())
  const publisher = createPublisher(ledger, () => undefined, silent, { decoder })
  const final: string[] = []
  const open = () =>
    createBackgroundPublisher({
      ledger,
      publisher,
      onFinal: (ids) => final.push(...ids),
      log: createOutageLog(silent),
    })
  const codesOf = (id: string): unknown[] => rowOf(ledger, id).unavailable.map(({ code }) => code)
  return { ledger, out, open, final, codesOf }
}

test('a slow document delays no other, and ends with its text if its PDF needs too much', async (t) => {
  const { ledger, out, open, final, codesOf } = setUp(t)
  const background = open()
  assert.deepEqual(background.take(['bomb.pdf', 'good.jpg', 'unknown']), ['unknown'])
  await waitFor('the good one is final', () => final.includes('good.jpg'))
  assert.deepEqual([rowOf(ledger, 'bomb.pdf').state, final], ['read', ['good.jpg']])
  assert.ok(existsSync(join(out, 'good.jpg.pdf')))
  await waitFor('the other one is final', () => final.includes('bomb.pdf'))
  assert.deepEqual(codesOf('bomb.pdf'), ['too_much_memory'])
  assert.ok(existsSync(join(out, 'bomb.pdf.txt')))
  await background.close()
})

test('cancelling a run aborts its writing; documents aborted by a stop are written after the next start', async (t) => {
  const { ledger, open, final, codesOf } = setUp(t)
  const first = open()
  first.take(['bomb.pdf'])
  await first.close()
  assert.deepEqual([rowOf(ledger, 'bomb.pdf').state, final], ['read', []])
  const second = open()
  second.take(ledger.documents.unpublished())
  second.cancel('another run')
  second.cancel('r1')
  await waitFor('both are final', () => final.length === 2)
  assert.deepEqual(codesOf('bomb.pdf'), ['cancelled'])
  await second.close()
})
