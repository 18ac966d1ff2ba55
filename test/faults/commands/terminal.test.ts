import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { assertNoneLeft, findProcesses } from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import {
  ctrlC,
  modesLeft,
  openTerminal,
  withoutTerminal,
  type Terminal,
} from '../../helpers/processes/terminal.ts'
import { waitFor } from '../../helpers/wait.ts'

const options = { skip: withoutTerminal }

async function ingestOnTerminal(scene: Scene, columns = 80): Promise<Terminal> {
  await writePages(scene.input, [...manyPaths(12, 'slow'), ...manyPaths(3, 'throw')])
  const ingest = `exec ${process.execPath} scripts/scriptorium.js ingest ${scene.input} --out ${scene.out} --workers 1 --attempts 1`
  const environment = { ...scene.environment, FAULT_SLOW_MS: '300' }
  const terminal = openTerminal(scene, ingest, { environment, columns })
  await terminal.shows(/[1-9]\d*\/15/)
  return terminal
}

test("A second Ctrl-C restores the terminal's cursor and line wrapping", options, async (t) => {
  const scene = createScene(t)
  const terminal = await ingestOnTerminal(scene)
  terminal.press(ctrlC)
  await terminal.shows('press Ctrl-C again to stop at once')
  await waitFor('it has ended', () => {
    if (terminal.isRunning()) terminal.press(ctrlC)
    return !terminal.isRunning()
  })
  assert.deepEqual(modesLeft(terminal.screen()), [])
  await assertNoneLeft(scene.folder)
})

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
  test(`${signal} restores the terminal`, options, async (t) => {
    const scene = createScene(t)
    const terminal = await ingestOnTerminal(scene)
    const ingest = findProcesses(scene.folder, 'scripts/scriptorium.js').find(({ command }) =>
      command.startsWith(process.execPath),
    )
    process.kill(ingest?.pid ?? assert.fail('ingest is not running'), signal)
    await terminal.ended
    assert.deepEqual(modesLeft(terminal.screen()), [])
    await assertNoneLeft(scene.folder)
  })
}

for (const columns of [80, 60, 40]) {
  test(
    `A terminal of ${columns} columns always shows the number of failures`,
    options,
    async (t) => {
      const scene = createScene(t)
      const terminal = await ingestOnTerminal(scene, columns)
      assert.equal(await terminal.ended, 2, terminal.screen())
      const frames = terminal
        .screen()
        .split(/\r|\n/)
        .filter((line) => /\d+\/15/.test(line))
      assert.ok(frames.length > 2, terminal.screen())
      for (const frame of frames) {
        const text = stripVTControlCharacters(frame)
        assert.match(text, /\d+\/15\+? done, \d+ failed/)
        assert.ok(text.length < columns, `${text.length}: ${text}`)
      }
    },
  )
}
