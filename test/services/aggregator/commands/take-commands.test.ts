import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCommandTaker } from '../../../../services/aggregator/commands/take-commands.ts'
import { silent } from '../../../helpers/processes/private-redis.ts'

test('the command loop stops even if its read never returns after an outage of Redis', async () => {
  const stopping = new AbortController()
  const begun = Promise.withResolvers<void>()
  const taker = createCommandTaker({
    commands: {
      next() {
        begun.resolve()
        return new Promise<never>(() => undefined)
      },
      forget: () => Promise.resolve(),
    },
    handle: () => assert.fail('there is no command'),
    refuse: () => assert.fail('there is no command'),
    log: silent,
  })
  const running = taker.run(stopping.signal)
  await begun.promise
  stopping.abort()
  await running
})

test('a start command of another version is rejected and acknowledged', async () => {
  const stopping = new AbortController()
  const [forgotten, refused]: [string[], string[]] = [[], []]
  const taker = createCommandTaker({
    commands: {
      next: () => Promise.resolve([{ id: '1-1', command: new Error('odd'), runId: 'r1' }]),
      forget: async (id) => void forgotten.push(id),
    },
    handle: () => assert.fail('it is not understood'),
    refuse: async (runId, why) => void refused.push(`${runId} ${why.message}`),
    log: silent,
  })
  assert.equal(await taker.takeWaiting(stopping.signal), true)
  assert.deepEqual([forgotten, refused], [['1-1'], ['r1 odd']])
})
