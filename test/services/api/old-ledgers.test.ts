import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { migrations } from '../../../services/ledger/schema.ts'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import type { RunView } from '../../../services/api/schemas/run.ts'
import { type ScriptoriumDocument } from '../../../shared/contract/result/document.ts'
import { formats } from '../../../shared/contract/result/formats.ts'
import type { RunReport } from '../../../shared/contract/report.ts'
import { dataVersion } from '../../../shared/contract/schema/upgrades.ts'
import { startApi, type Api } from '../../helpers/api/api.ts'
import { makeFolder, type Ending } from '../../helpers/folder.ts'
import { makeOldLedger, oldVersions } from '../../helpers/ledger/old-ledger.ts'

interface List<T> {
  items: T[]
}

async function openOld(ending: Ending, version: string): Promise<Api> {
  const folder = makeFolder(ending)
  await makeOldLedger(folder, version)
  const api = await startApi(ending, {}, { folder })
  api.startAggregator()
  return api
}

async function find(api: Api, name: string): Promise<DocumentView> {
  const { status, text, body } = await api.call<List<DocumentView>>('GET', '/v1/documents?limit=50')
  assert.equal(status, 200, text)
  const found = body.items.find((view) => view.name === name)
  assert.ok(found, `${name} is not listed: ${text}`)
  return found
}

for (const version of oldVersions) {
  test(`documents, runs and reports of ${version} are listed`, async (t) => {
    const api = await openOld(t, version)
    const { id, outcome, warnings } = await find(api, 'seeds.png')
    assert.deepEqual([outcome, warnings], ['succeeded', []])
    assert.equal((await api.call('GET', `/v1/documents/${id}`)).status, 200)
    const list = await api.call<List<RunView>>('GET', '/v1/runs')
    assert.equal(list.body.items.length, 4, list.text)
    const ended = list.body.items.find(({ tag }) => tag === 'old')
    const report = await api.call<RunReport>('GET', `/v1/runs/${ended?.id}/report`)
    assert.deepEqual(report.body.outcomes, { succeeded: 1 }, report.text)
    assert.equal(report.body.unavailable, 0)
    const lines = await api.call<string>('GET', `/v1/runs/${ended?.id}/results`)
    assert.match(lines.text, /Alder Paper Mill/)
    const hooks = await api.call<List<unknown>>('GET', '/v1/webhooks')
    assert.equal(hooks.body.items.length, 1)
  })

  test(`a result of ${version} is available in every format`, async (t) => {
    const api = await openOld(t, version)
    const { id } = await find(api, 'seeds.png')
    for (const format of formats) {
      const { status, text } = await api.call('GET', `/v1/documents/${id}/result?format=${format}`)
      assert.equal(status, 200, `${format}: ${text}`)
      if (format === 'csv') assert.equal(text, '', 'the page has no table')
      else if (format !== 'pdf') assert.match(text, /radish/i, format)
    }
    const { body } = await api.call<ScriptoriumDocument>(
      'GET',
      `/v1/documents/${id}/result?format=json`,
    )
    const line = body.pages[0]?.blocks[0]?.paragraphs[0]?.lines[0]
    assert.ok(line !== undefined && line.size > 5, 'a line has a size')
    assert.ok(Math.abs(line.baseline.y0 - line.bbox.y1) < line.size, 'and a baseline at its foot')
  })

  test(`pages read by ${version} are found by a search`, async (t) => {
    const api = await openOld(t, version)
    for (const [word, name] of [
      ['radish', 'seeds.png'],
      ['facsimile', 'fax.tif'],
    ]) {
      const { body, text } = await api.call<List<{ name: string }>>('GET', `/v1/search?q=${word}`)
      assert.deepEqual(
        body.items.map((hit) => hit.name),
        [name],
        text,
      )
    }
  })
}

test('a page of a newer version is rejected by name, and hides no other', async (t) => {
  const api = await openOld(t, 'cc045ce')
  const { id } = await find(api, 'seeds.png')
  const writer = new DatabaseSync(ledgerFile(api.data))
  writer.prepare('UPDATE pages SET data_version = 99 WHERE document_id = ?').run(id)
  writer.close()
  const url = `/v1/documents/${id}/result?format=txt`
  const { body } = await api.refused(503, 'newer_version', 'GET', url)
  assert.match(
    body.detail,
    new RegExp(`page 1 of document .*data version 99; .* knows ${dataVersion}\\)`),
  )
  assert.equal((await api.call('GET', `/v1/documents/${id}`)).status, 200)
  assert.equal((await api.call('GET', '/v1/search?q=radish')).status, 200)
  const fax = await find(api, 'fax.tif')
  assert.equal((await api.call('GET', `/v1/documents/${fax.id}/result`)).status, 200)
})

test('a damaged run is rejected by name, and hides no other', async (t) => {
  const api = await openOld(t, 'cc045ce')
  const { id, runId } = await find(api, 'seeds.png')
  const writer = new DatabaseSync(ledgerFile(api.data))
  writer.prepare(`UPDATE runs SET request = '{"odd":1}' WHERE id = ?`).run(runId)
  writer.close()
  const { body } = await api.refused(500, 'damaged_record', 'GET', `/v1/runs/${runId}`)
  assert.match(body.detail, new RegExp(runId))
  await api.refused(500, 'damaged_record', 'GET', `/v1/documents/${id}`)
  await find(api, 'fax.tif')
  const { body: runs } = await api.call<List<RunView>>('GET', '/v1/runs')
  assert.equal(runs.items.length, 3)
})

test('the fixtures are ledgers of older versions', () => {
  for (const version of oldVersions) {
    const text = readFileSync(
      new URL(`../../fixtures/ledgers/${version}.sql`, import.meta.url),
      'utf8',
    )
    const [, found] = /PRAGMA user_version = (\d+);\n$/.exec(text) ?? []
    assert.ok(Number(found) <= migrations.length)
  }
})
