import assert from 'node:assert/strict'
import { test } from 'node:test'
import { screenLines, type Fleet } from '../../../../services/cli/watch/fleet.ts'
import { createScreen } from '../../../../services/cli/watch/screen.ts'
import { endingLine } from '../../../../services/cli/watch/tail.ts'

const event = {
  path: 'a.png',
  documentId: 'd1',
  outcome: 'succeeded',
  pages: 2,
  confidence: 93.4,
  ms: 812.3,
  error: null,
} as const

test('a line has the outcome, the file, and its figures or the reason', () => {
  assert.equal(endingLine(event), 'succeeded     a.png  2 pages, 93 %, 812 ms')
  const error = { code: 'corrupt_image', message: 'is damaged\nand odd' } as const
  const failed = { ...event, outcome: 'rejected', error } as const
  assert.equal(endingLine(failed), 'rejected      a.png  corrupt_image: is damaged and odd')
})

test('a file name or message cannot drive the terminal, or begin another line', () => {
  const error = { code: 'internal', message: 'says \u001B[2J\r' } as const
  const line = endingLine({ ...event, path: 'x\u001B[31m\ny', outcome: 'failed', error })
  assert.doesNotMatch(line, /\p{Cc}/u)
})

const sum = { pages: 0, documents: 0, pagesPerSecond: 0, errorRate: null, outcomes: {} }
const fleet: Fleet = {
  url: 'http://h:1',
  queue: {
    paused: true,
    interactive: 1,
    bulk: 20,
    active: 2,
    delayed: 0,
    uncollected: 3,
    oldestSeconds: 61,
    pagesPerMinute: 120,
  },
  workers: [
    {
      id: 'host-1',
      pid: 1,
      host: 'host',
      version: '1',
      languages: ['eng'],
      engine: 'tesseract.js',
      warm: [],
      state: 'reading',
      currentPage: 'in\u001B[31mvoice.pdf#2',
      pagesDone: 310,
      rssBytes: 314_000_000,
      startedAt: '',
      beatAt: '',
    },
  ],
  hour: { ...sum, documents: 8, errorRate: 0.25, pagesPerSecond: 0.5 },
  day: { ...sum, outcomes: { rejected: 2, succeeded: 6 } },
}

test('the screen shows queue, throughput, errors and each worker with its page', () => {
  const text = screenLines(fleet).join('\n')
  for (const part of [
    'Scriptorium at http://h:1, PAUSED',
    '2.0/s now, 0.50/s in the last hour',
    '25.0 % of 8 documents in the last hour, no document in the last day',
    '1 interactive, 20 bulk, the oldest for 1 min 01 s; 2 active',
    '6 succeeded, 2 rejected',
    'workers   1 reading',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`)
  assert.match(
    text,
    /^host-1 +tesseract\.js +reading +310 +299 MiB +"in\\u001b\[31mvoice\.pdf#2"$/m,
  )
})

test('a screen is redrawn in its place, and never longer or wider than the terminal', () => {
  const written: string[] = []
  const stream = { columns: 6, rows: 3, write: (text: string) => written.push(text) > 0 }
  const screen = createScreen(stream)
  screen.draw(['long line', 'b', 'c', 'd'])
  screen.draw(['x'])
  assert.deepEqual(written, [
    '\rlong \u001B[K\nb\u001B[K\n\u001B[J',
    '\u001B[2A\rx\u001B[K\n\u001B[J',
  ])
})
