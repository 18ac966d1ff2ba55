import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { createWorld, type Step, type World } from '../../helpers/ledger/ledger-world.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
await redis.ping()
let worlds = 0

const often = 6
const weights: Record<keyof World['actions'], number> = {
  open: 4 * often,
  plan: 2 * often,
  read: 3 * often,
  fail: 1,
  change: 2,
  vanish: 1,
  cancel: 2,
  remove: 1,
  expire: 1,
  upload: 2,
  sweep: 1,
  reconcile: 2,
  kill: 2,
}
const actions = Object.entries(weights).map(([action, weight]) => ({
  weight,
  arbitrary: fc.constant(action),
}))
const history = fc.array(
  fc.record({ action: fc.oneof(...actions), choice: fc.nat({ max: 1_000 }) }),
  { minLength: 20, maxLength: 90 },
) as fc.Arbitrary<Step[]>

/**
 * `LEDGER_RUNS` looks for more histories. `LEDGER_SEED` repeats those of a seed; with `LEDGER_PATH`, one of them: a failure
 * names both.
 */
const { LEDGER_RUNS: runs = '25', LEDGER_SEED: seed, LEDGER_PATH: path } = process.env

test('in any order of events each document ends once, with the text of its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      worlds += 1
      const endings: (() => unknown)[] = []
      const ending = { after: (work: () => unknown) => void endings.push(work) }
      const world = createWorld(ending, redis, `w${worlds}`)
      try {
        for (const { action, choice } of steps) {
          await world.actions[action](choice)
          world.check()
        }
        await world.end()
      } finally {
        for (const work of endings.toReversed()) await work()
      }
    }),
    {
      numRuns: Number(runs),
      ...(seed !== undefined && { seed: Number(seed) }),
      ...(path !== undefined && { path }),
    },
  )
})
