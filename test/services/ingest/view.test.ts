import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLines, formatSeconds, showPath } from '../../../services/ingest/view.ts'
import type { RunEvent } from '../../../shared/messages.ts'

const event: RunEvent = {
  seq: 1,
  path: 'a.png',
  documentId: 'd1',
  outcome: 'rejected',
  pages: 0,
  confidence: null,
  ms: 0,
  error: { code: 'corrupt_image', message: 'is damaged' },
}

test('what was not read gets one line with file, code and reason', () => {
  assert.deepEqual(eventLines(event), ['a.png: corrupt_image: is damaged'])
  const named = eventLines({ ...event, path: 'a\nb.png' })
  assert.deepEqual(named, ['"a\\nb.png": corrupt_image: is damaged'])
})

test('what failed earlier is told as such, what was read is not told', () => {
  const lines = eventLines({ ...event, outcome: 'skipped_unchanged' })
  assert.deepEqual(lines, ['a.png: failed in an earlier run: corrupt_image: is damaged'])
  assert.deepEqual(eventLines({ ...event, outcome: 'succeeded', error: null }), [])
})

test('each format that could not be written gets a line with its reason', () => {
  const reason = { code: 'password_required', message: 'is encrypted' }
  const unavailable = [
    { format: 'pdf' as const, ...reason },
    { format: 'hocr' as const, code: 'unstable', message: 'has changed' },
  ]
  assert.deepEqual(eventLines({ ...event, error: null, outcome: 'succeeded', unavailable }), [
    'a.png: not written as pdf: password_required: is encrypted',
    'a.png: not written as hocr: unstable: has changed',
  ])
})

test('a path stays on one line, and one without control characters stays as it is', () => {
  assert.equal(showPath('größe (1).png'), 'größe (1).png')
  assert.equal(showPath('\u001b[2Jboo'), String.raw`"\u001b[2Jboo"`)
})

test('times are told as people say them', () => {
  assert.deepEqual([0.4, 59.4, 60, 3_599, 3_720].map(formatSeconds), [
    '0 s',
    '59 s',
    '1 min 00 s',
    '59 min 59 s',
    '1 h 02 min',
  ])
})
