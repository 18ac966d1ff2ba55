import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hash } from 'node:crypto'
import { createCorrector } from '../../../../services/aggregator/commands/corrector.ts'
import { exportTruth } from '../../../../services/cli/operators/truth/export-truth.ts'
import { openLedger } from '../../../../services/ledger/ledger.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { firstPass, makePlan } from '../../../helpers/ledger/ledger.ts'
import { makePage, makeRequest } from '../../../helpers/ledger/records.ts'
import { pngOf, tiffOf } from '../../../helpers/pages/pages.ts'

test('corrected pages are exported with their texts; one whose file is gone is left out and named', async (t) => {
  const home = makeFolder(t)
  const [scans, data, target] = ['scans', 'data', 'truth'].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(scans)
  const ledger = openLedger(data)
  t.after(() => ledger.close())
  ledger.runs.add(makeRequest({ root: scans }), 'fp')
  const correct = createCorrector({ ledger, rewrite: async () => undefined })
  const files = {
    'one.png': { bytes: await pngOf('one'), pages: 1, mediaType: 'image/png' },
    'two.tif': { bytes: await tiffOf(['a', 'b']), pages: 2, mediaType: 'image/tiff' },
    'gone.png': { bytes: await pngOf('gone'), pages: 1, mediaType: 'image/png' },
    'unseen.png': { bytes: await pngOf('unseen'), pages: 1, mediaType: 'image/png' },
  }
  for (const [path, { bytes, pages, mediaType }] of Object.entries(files)) {
    const id = path.replace('.', '')
    if (path !== 'gone.png') writeFileSync(join(scans, path), bytes)
    const sha256 = hash('sha256', bytes)
    ledger.documents.plan(makePlan(id, { path }))
    ledger.documents.setInput(firstPass(id), { sha256, bytes: bytes.length, mediaType }, pages)
    for (let page = 1; page <= pages; page += 1)
      ledger.pages.putResult(id, makePage({ page, width: 48, height: 32, text: 'tbe text' }))
    const ending = { outcome: 'succeeded', error: null, worker: 'w' } as const
    ledger.documents.setRead(firstPass(id), ending, null)
    ledger.documents.settle(firstPass(id), {})
    if (path === 'unseen.png') continue
    await correct({
      kind: 'correctPage',
      id: `c-${id}`,
      documentId: id,
      page: pages,
      revision: 0,
      author: 'anna',
      at: new Date().toISOString(),
      lines: ['the text'],
      accepted: [],
    })
  }

  const { pages, leftOut } = await exportTruth(ledger, target)
  assert.equal(pages, 2)
  assert.deepEqual(
    leftOut.map(({ name, page }) => [name, page]),
    [['gone.png', 1]],
  )
  assert.match(leftOut[0]?.reason ?? '', /no longer exists/)
  assert.deepEqual(readdirSync(target).toSorted(), [
    'one-onepng.gt.txt',
    'one-onepng.png',
    'two-twotif-page-2.gt.txt',
    'two-twotif-page-2.pdf',
  ])
  assert.equal(readFileSync(join(target, 'one-onepng.gt.txt'), 'utf8'), 'the text\n')
  assert.deepEqual(readFileSync(join(target, 'one-onepng.png')), files['one.png'].bytes)
  assert.match(readFileSync(join(target, 'two-twotif-page-2.pdf'), 'latin1'), /^%PDF/)
})
