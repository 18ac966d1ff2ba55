import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '@sinclair/typebox'
import { pageSchema } from '../../../../shared/contract/result/page.ts'
import { acceptanceSchema, commandSchema } from '../../../../shared/contract/messages/command.ts'
import { jobSchema } from '../../../../shared/contract/messages/job.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import {
  newProgress,
  progressSchema,
  runEventSchema,
} from '../../../../shared/contract/messages/progress.ts'
import { runRequestSchema } from '../../../../shared/contract/messages/run-request.ts'
import { reportSchema } from '../../../../shared/contract/messages/worker-report.ts'
import { defaultRecipe, recipeIdOf } from '../../../../shared/contract/recipe.ts'
import * as upgrades from '../../../../shared/contract/schema/upgrades.ts'
import {
  input,
  makeAcceptance,
  makeJob,
  makePage,
  makeRequest,
  makeUploadRequest,
} from '../../../helpers/ledger/records.ts'

/** The same without these fields: as a version wrote it that did not have them. */
const without = (value: object, ...names: string[]): object =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))

const oldRecipe = without(defaultRecipe, 'preset', 'pages', 'pdfText')
const oldRequest = { ...without(makeRequest(), 'source'), recipe: oldRecipe }

/** An upload's request held all that a folder run's has. */
const oldUpload = {
  ...without(makeRequest({ inputs: [], out: '', formats: [] }), 'source'),
  ...makeUploadRequest(),
  recipe: oldRecipe,
}

const { recipe, ...planned } = makeJob()
const storedJob = { ...planned, recipeId: recipeIdOf(recipe) }

function oldPage(): object {
  const page = makePage()
  const blocks = page.blocks.map((block) => ({
    ...block,
    paragraphs: block.paragraphs.map((paragraph) => ({
      ...paragraph,
      lines: paragraph.lines.map((line) => without(line, 'baseline', 'size')),
    })),
  }))
  return { ...without(page, 'dpi', 'orientation', 'textSource', 'readings'), blocks }
}

test('acceptances and commands of older versions are upgraded', () => {
  const acceptance = createParser('an acceptance', acceptanceSchema, upgrades.upgradeAcceptance)
  const accepted = makeAcceptance(['a'])
  const old = { ...accepted, request: oldUpload }
  assert.deepEqual(acceptance(old), accepted)
  const command = createParser('a command', commandSchema, upgrades.upgradeCommand)
  assert.deepEqual(command({ kind: 'start', request: oldRequest }), {
    kind: 'start',
    request: makeRequest(),
  })
  assert.deepEqual(command({ kind: 'cancelRun', runId: 'r' }), { kind: 'cancelRun', runId: 'r' })
})

test('requests of older versions become folder or upload requests', () => {
  const parse = createParser('a run request', runRequestSchema, upgrades.upgradeRequest)
  assert.deepEqual(parse(oldRequest), makeRequest())
  assert.deepEqual(parse({ ...oldRequest, source: 'folder' }), makeRequest())
  assert.deepEqual(parse(oldUpload), makeUploadRequest())
})

test("a queued job of an older version is an upload's if its stat is empty", () => {
  const parse = createParser('a job', jobSchema, upgrades.upgradeJob)
  assert.deepEqual(parse({ ...storedJob, stat: '', name: 'a.png' }), {
    ...without(storedJob, 'stat'),
    name: 'a.png',
  })
  assert.deepEqual(parse(storedJob), storedJob)
})

test('pages of older versions get a baseline and a size from their boxes', () => {
  const parse = createParser('a page', pageSchema, upgrades.upgradePage)
  const { blocks, orientation, readings } = parse(oldPage())
  const [line] = blocks[0]?.paragraphs[0]?.lines ?? []
  assert.deepEqual(line?.baseline, { x0: 0, y0: 10, x1: 10, y1: 10 })
  assert.equal(line.size, 10)
  assert.deepEqual(orientation, { isMirrored: false, rotation: 0, skew: 0 })
  assert.deepEqual(readings, [])
  const report = createParser('a report', reportSchema, upgrades.upgradeWorkerReport)
  const about = { v: 1, kind: 'page', jobId: 'j', documentId: 'd', input, pagesTotal: 1 }
  assert.deepEqual(report({ ...about, result: oldPage() }), {
    ...about,
    result: parse(oldPage()),
  })
})

test('an upgrade leaves present data unchanged', () => {
  for (const [upgrade, value] of [
    [upgrades.upgradePage, makePage()],
    [upgrades.upgradeRequest, makeRequest()],
    [upgrades.upgradeRequest, makeUploadRequest()],
    [upgrades.upgradeJob, storedJob],
    [upgrades.upgradeProgress, newProgress('r', '')],
  ] as const) {
    assert.deepEqual(upgrade(value), value)
  }
})

test('progress of older versions is upgraded', () => {
  const parse = createParser('progress', progressSchema, upgrades.upgradeProgress)
  const progress = newProgress('r', 'now')
  assert.deepEqual(parse(without(progress, 'unavailable', 'existing')), progress)
})

test('unknown fields in progress and events of a newer version are ignored', () => {
  const more = { ...newProgress('r', 'now'), mood: 'good' }
  assert.equal(createParser('progress', progressSchema, upgrades.upgradeProgress)(more).runId, 'r')
  const event = {
    seq: 1,
    path: 'a',
    documentId: null,
    outcome: 'failed',
    pages: 0,
    confidence: null,
    ms: 0,
  }
  const told = { ...event, error: null, mood: 'good' }
  assert.equal(createParser('an event', runEventSchema)(told).path, 'a')
})

test('invalid data is passed on, so that the parser rejects it', () => {
  for (const upgrade of Object.values(upgrades)) {
    if (typeof upgrade !== 'function') continue
    for (const value of [null, 3, 'x', [], {}, { blocks: 7 }, { recipe: null, request: [] }]) {
      assert.doesNotThrow(() => upgrade(value))
    }
  }
})

test('a newer version is rejected, and the error names the version and the cure', () => {
  const parse = createParser('a thing', Type.Object({ v: Type.Integer() }))
  assert.deepEqual(parse({ v: upgrades.dataVersion }), { v: upgrades.dataVersion })
  assert.throws(() => parse({ v: upgrades.dataVersion + 1 }), {
    code: 'newer_version',
    message: /a thing was written by a newer Scriptorium \(data version 3; .* knows 2\); upgrade/,
  })
})

test('unbounded metadata keys of older versions are dropped, the rest is kept', () => {
  const labels = { tag: 'box 1', metadata: { shelf: '7', ['k'.repeat(101)]: 'x', '': 'y' } }
  const request = makeRequest({ labels })
  const parse = createParser('a run request', runRequestSchema, upgrades.upgradeRequest)
  assert.deepEqual(parse(request).labels, { tag: 'box 1', metadata: { shelf: '7' } })
})
