import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { watchPace } from '../../../../services/api/limits/pace.ts'
import type { Ending } from '../../../helpers/folder.ts'
import { waitFor } from '../../../helpers/wait.ts'

/** A stream under watch that brings `bytes` every 10 ms, and whether it was found too slow. */
function start(ending: Ending, bytes: number, { isRead = true } = {}) {
  const stream = new PassThrough()
  const slow: string[] = []
  stream.pause()
  let ticks = 0
  const stop = watchPace(stream, { minBytesPerSecond: 1_000, windowMs: 120 }, ({ code }) =>
    slow.push(code),
  )
  if (isRead) stream.resume()
  const feeding = setInterval(() => {
    ticks += 1
    if (stream.writable) stream.write(Buffer.alloc(bytes))
  }, 10)
  ending.after(() => {
    clearInterval(feeding)
    stop()
  })
  return { stream, slow, ticks: () => ticks }
}

test('a stream below the minimum rate over a window is reported once', async (t) => {
  const { slow, ticks } = start(t, 3)
  await waitFor('being found out', () => slow.length > 0)
  const before = ticks()
  await waitFor('another window', () => ticks() > before + 30)
  assert.deepEqual(slow, ['upload_too_slow'])
})

test('a stream that stalls after a fast start is reported', async (t) => {
  const { stream, slow } = start(t, 0)
  stream.write(Buffer.alloc(100_000))
  await waitFor('being found out', () => slow.length > 0)
})

test('a fast stream, an unread one and an ended one are not reported', async (t) => {
  const fast = start(t, 50)
  const unread = start(t, 1, { isRead: false })
  const ended = start(t, 1)
  ended.stream.end()
  await waitFor('three windows', () => unread.ticks() > 40)
  assert.deepEqual([...fast.slow, ...unread.slow, ...ended.slow], [])
  unread.stream.resume()
  await waitFor('being found out', () => unread.slow.length > 0)
})
