import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createDecodeThread } from '../../../../workers/ocr/open/decode-thread.ts'
import type { FaultCalls } from '../../../fixtures/processes/fault-decoder.ts'

const patient = { deadlineMs: 20_000 }

function makeThread(t: TestContext) {
  const script = new URL('../../../fixtures/processes/fault-decoder.ts', import.meta.url)
  const thread = createDecodeThread<FaultCalls>({ script, maxHeapBytes: 1 })
  t.after(() => thread.close())
  return thread
}

test('a decoder that hangs is ended at its deadline, and the next call finds a new one', async (t) => {
  const thread = makeThread(t)
  assert.equal(await thread.call('echo', 'before', patient), 'before')
  const before = thread.generation()
  await assert.rejects(thread.call('hang', null, { deadlineMs: 300 }), { code: 'decode_timeout' })
  assert.equal(thread.generation(), undefined)
  assert.equal(await thread.call('echo', 'after', patient), 'after')
  assert.notEqual(thread.generation(), before)
})

test('a refusal comes through with its code and leaves the decoder as it is', async (t) => {
  const thread = makeThread(t)
  await assert.rejects(thread.call('refuse', null, patient), {
    code: 'corrupt_pdf',
    message: 'is damaged',
  })
  assert.notEqual(thread.generation(), undefined)
})

test('a decoder that broke down or ended its thread is replaced', async (t) => {
  const thread = makeThread(t)
  await assert.rejects(thread.call('break', null, patient), /out of bounds/)
  assert.equal(thread.generation(), undefined)
  await assert.rejects(thread.call('exit', null, patient), /ended unexpectedly/)
  assert.equal(await thread.call('echo', 'after', patient), 'after')
})

test('calls that come together are answered one after the other', async (t) => {
  const thread = makeThread(t)
  const words = ['one', 'two', 'three']
  const answers = await Promise.all(words.map((word) => thread.call('echo', word, patient)))
  assert.deepEqual(answers, words)
})
