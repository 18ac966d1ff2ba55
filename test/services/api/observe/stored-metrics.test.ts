import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fields } from '../../../../shared/contract/measures.ts'
import { toPrometheusText } from '../../../../services/api/observe/stored-metrics.ts'

test('buckets are cumulative, and the sum is in seconds', () => {
  const measures = new Map([
    [fields.bucket('commit', 'results', 0), 2],
    [fields.bucket('commit', 'results', 2), 1],
    [fields.bucket('commit', 'results', 11), 1],
    [fields.sum('commit', 'results'), 7_500_000],
  ])
  const lines = toPrometheusText(measures, []).split('\n')
  const of = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`scriptorium_ledger_commit_seconds_${name}`))
  assert.deepEqual(of('bucket').slice(0, 4), [
    'scriptorium_ledger_commit_seconds_bucket{of="results",le="0.001"} 2',
    'scriptorium_ledger_commit_seconds_bucket{of="results",le="0.0025"} 2',
    'scriptorium_ledger_commit_seconds_bucket{of="results",le="0.005"} 3',
    'scriptorium_ledger_commit_seconds_bucket{of="results",le="0.01"} 3',
  ])
  assert.match(of('bucket').at(-1) ?? '', /le="\+Inf"\} 4$/)
  assert.deepEqual(of('sum'), ['scriptorium_ledger_commit_seconds_sum{of="results"} 7.5'])
  assert.deepEqual(of('count'), ['scriptorium_ledger_commit_seconds_count{of="results"} 4'])
})

test('counters begin with zero, and documents are counted by outcome', () => {
  const totals = [
    { minute: 0, kind: 'document', outcome: 'succeeded', count: 5 },
    { minute: 0, kind: 'page', outcome: 'timeout', count: 1 },
  ] as const
  const text = toPrometheusText(new Map([[fields.counter('retry', 'page_timeout'), 3]]), totals)
  for (const line of [
    'scriptorium_retries_total{code="page_timeout"} 3',
    'scriptorium_retries_total{code="other"} 0',
    'scriptorium_documents_total{outcome="succeeded"} 5',
    'scriptorium_pages_total{outcome="timeout"} 1',
  ])
    assert.ok(text.split('\n').includes(line), line)
})
