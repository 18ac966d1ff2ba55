import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createScene } from '../../helpers/processes/scene.ts'
import { startProgram } from '../../helpers/processes/processes.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'
import { modesLeft, openTerminal, withoutTerminal } from '../../helpers/processes/terminal.ts'

test('tail and top follow a service', async (t) => {
  const scene = createScene(t)
  const { address, client } = await startService(scene)
  const environment = { ...scene.environment, SCRIPTORIUM_URL: address }
  const upload = async (name: string) =>
    oneOf(await client.upload([await fileOf(name)], { wait: 30, options: { attempts: 1 } }))
  const start = (...words: string[]) => {
    const program = startProgram('scripts/scriptorium.js', words, { environment })
    scene.defer(async () => {
      if (program.isRunning()) program.kill('SIGTERM')
      await program.ended
    })
    return program
  }

  await t.test('tail prints documents as they end, until Ctrl-C', async () => {
    const all = start('tail')
    const failures = start('tail', '--failures', '--json')
    const streams = async (): Promise<boolean> =>
      (await (await client.send('/metrics')).text()).includes(
        'scriptorium_limit_used{limit="event_streams"} 2',
      )
    await all.until('both follow', streams)
    await upload('good')
    const { id } = await upload('throw')
    await all.until('the failure', () => all.stdout().includes('throw.png'))
    await failures.until('the failure', () => failures.stdout().includes('throw.png'))
    assert.match(all.stdout(), /^\d\d:\d\d:\d\d {2}succeeded +good\.png {2}1 page, /m)
    assert.match(all.stdout(), /^\d\d:\d\d:\d\d {2}failed +throw\.png {2}engine_failed: /m)
    const lines = failures.stdout().trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).documentId),
      [id],
    )
    for (const program of [all, failures]) {
      program.kill('SIGINT')
      assert.equal((await program.ended).code, 0)
      assert.equal(program.stderr(), '')
    }
  })

  await t.test('tail --run ends with its run', async () => {
    const { runId } = await upload('another')
    const program = start('tail', '--run', runId)
    assert.equal((await program.ended).code, 0)
    assert.match(program.stdout(), /succeeded +another\.png/)
    const unknown = start('tail', '--run', 'nothing')
    assert.equal((await unknown.ended).code, 15)
    assert.match(unknown.stderr(), /^tail: unknown run nothing/)
  })

  await t.test('top prints the fleet once where its output is no terminal', async () => {
    const program = start('top')
    assert.equal((await program.ended).code, 0)
    assert.match(program.stdout(), /^workers {3}.*2 idle$/m)
    assert.match(program.stdout(), /33\.3 % of 3 documents in the last hour/)
    const asJson = start('top', '--json')
    assert.equal((await asJson.ended).code, 0)
    assert.equal(JSON.parse(asJson.stdout()).workers.length, 2)
  })

  await t.test('top redraws on a terminal until q', { skip: withoutTerminal }, async () => {
    const command = `${process.execPath} scripts/scriptorium.js top`
    const terminal = openTerminal(scene, command, { environment, columns: 100 })
    await terminal.shows('2 idle')
    await terminal.shows(/\[\d+A/)
    terminal.press('q')
    assert.equal(await terminal.ended, 0)
    assert.deepEqual(modesLeft(terminal.screen()), [])
  })
})
