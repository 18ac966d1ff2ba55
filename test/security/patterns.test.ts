import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { RunView } from '../../services/api/schemas/run.ts'
import { writeOld } from '../helpers/folder.ts'
import { startApi } from '../helpers/api/api.ts'
import { makeRequest } from '../helpers/ledger/records.ts'
import { waitFor } from '../helpers/wait.ts'

const api = await startApi({ after })
const scans = join(api.scans, 'box')
mkdirSync(scans)
for (let file = 0; file < 5; file += 1) writeOld(join(scans, `${'a-'.repeat(60)}${file}.png`))
// Stored before patterns were bounded: the aggregator resumes it at its start.
api.ledger.runs.add(
  makeRequest({ runId: 'r-old', root: api.scans, inputs: ['box'], include: ['(a)\\1'] }),
  'fp',
)
api.startAggregator()

/** A backtracking matcher never sees that these do not match. */
const hostile = ['(([a-z-]+)+)+0', `${'?*'.repeat(200)}0`, `${'{*,*}'.repeat(80)}0`]

const stateOf = async (id: string): Promise<RunView> =>
  (await api.call<RunView>('GET', `/v1/runs/${id}`)).body

test('a run with a hostile pattern is planned, and the aggregator stays responsive', async () => {
  for (const list of ['include', 'exclude']) {
    const body = { root: 'scans', path: 'box', [list]: hostile }
    const { status, body: run } = await api.call<RunView>('POST', '/v1/runs', { body })
    assert.equal(status, 202)
    await waitFor('it is planned', async () => (await stateOf(run.id)).isPlanned)
    await api.call('POST', `/v1/runs/${run.id}/cancel`)
  }
})

test('an invalid pattern is rejected with its place', async () => {
  for (const pattern of ['(?<=a)b', '(a)\\1', '(a)\\\\\\\\\\\\', '{a,b}/**/'.repeat(56)]) {
    for (const list of ['include', 'exclude']) {
      const body = { root: 'scans', [list]: ['*.png', ...Array.from({ length: 8 }, () => pattern)] }
      const answer = await api.refused(422, 'invalid_request', 'POST', '/v1/runs', { body })
      assert.match(answer.body.errors?.[0]?.path ?? '', new RegExp(`^/${list}/[1-8]$`))
    }
  }
})

test('too long, empty and too many patterns are rejected', async () => {
  for (const list of [['a'.repeat(513)], [''], Array.from({ length: 101 }, () => '*.png')]) {
    const body = { root: 'scans', include: list }
    await api.refused(422, 'invalid_request', 'POST', '/v1/runs', { body })
  }
})

test('a stored run with such a pattern ends with the reason', async () => {
  const run = await waitFor('it ends', async () => {
    const view = await stateOf('r-old')
    return view.state !== 'active' && view
  })
  assert.deepEqual([run.state, run.error?.code], ['refused', 'invalid_pattern'])
})
