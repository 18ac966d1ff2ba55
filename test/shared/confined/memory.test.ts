import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { createProcessGauge, gaugeByPs, outOfMemoryKills } from '../../../shared/confined/memory.ts'
import { waitFor } from '../../helpers/wait.ts'

for (const [how, create] of Object.entries({ procfs: createProcessGauge, ps: gaugeByPs })) {
  const isMissing = how === 'ps' && spawnSync('ps', ['-o', 'rss=', '-p', '1']).status !== 0
  const options = isMissing ? { skip: 'this machine has no ps' } : {}
  test(`a watch by ${how} reports a process above its memory limit`, options, async (t) => {
    const gauge = create(process.pid)
    t.after(() => gauge.close())
    let isAbove = false
    const unwatch = gauge.watch(1_000_000, () => (isAbove = true))
    await waitFor('the limit is noticed', () => isAbove)
    unwatch()
    const ours = process.memoryUsage.rss()
    assert.ok(gauge.lastBytes() > ours / 3 && gauge.lastBytes() < ours * 3)
    gauge.close()
    assert.ok(gauge.look() > 0)
  })
}

test("the kernel's OOM kill count is a number", () => {
  assert.ok(Number.isSafeInteger(outOfMemoryKills()))
})
