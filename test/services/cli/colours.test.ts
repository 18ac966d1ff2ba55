import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createScene } from '../../helpers/processes/scene.ts'
import { startProgram } from '../../helpers/processes/processes.ts'
import { openTerminal, withoutTerminal } from '../../helpers/processes/terminal.ts'

const colour = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`)
const help = `${process.execPath} scripts/scriptorium.js status --help`

test(
  'help is coloured on a terminal, and not with NO_COLOR',
  { skip: withoutTerminal },
  async (t) => {
    const scene = createScene(t)
    // Node takes a terminal of a CI for one without colours.
    const environment = { ...scene.environment, TERM: 'xterm', NO_COLOR: undefined, CI: undefined }
    const screenOf = async (more: NodeJS.ProcessEnv): Promise<string> => {
      const terminal = openTerminal(scene, help, { environment: { ...environment, ...more } })
      await terminal.ended
      return terminal.screen()
    }
    const coloured = await screenOf({})
    assert.match(coloured, colour)
    const plain = await screenOf({ NO_COLOR: '1' })
    assert.doesNotMatch(plain, colour)
    assert.equal(plain, coloured.replaceAll(new RegExp(colour, 'g'), ''))
  },
)

test('output to a pipe is never coloured', async (t) => {
  const { environment } = createScene(t)
  const asked = startProgram('scripts/scriptorium.js', ['status', '--help'], { environment })
  assert.doesNotMatch((await asked.ended).stdout, colour)
})
