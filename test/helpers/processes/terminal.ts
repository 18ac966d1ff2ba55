import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { repository } from './processes.ts'
import type { Scene } from './scene.ts'
import { withoutTools } from '../tools.ts'
import { waitFor } from '../wait.ts'

/** Why a test that needs a pseudo terminal is skipped; false where it is not. */
export const withoutTerminal = withoutTools('script')

/** A command on a separate terminal. */
export interface Terminal {
  /** All that was written to the terminal so far. */
  screen: () => string
  press: (keys: string) => void
  /** Waits until `text` was printed; throws the output so far if the command ends earlier. */
  shows: (text: string | RegExp) => Promise<void>
  isRunning: () => boolean
  /** The exit code of the command. */
  ended: Promise<number | null>
}

export const ctrlC = '\u0003'

/** Runs a shell command in the repository, on a pseudo terminal that is `columns` wide. It ends with the scene. */
export function openTerminal(
  scene: Scene,
  command: string,
  { environment = scene.environment, columns = 80 } = {},
): Terminal {
  const child = spawn(
    'script',
    ['-qfec', `stty cols ${columns} rows 24; ${command}`, '/dev/null'],
    {
      cwd: repository,
      env: environment,
    },
  )
  let screen = ''
  child.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()))
  child.stdin.on('error', () => undefined) // It ended without reading.
  const ended = once(child, 'exit').then(() => child.exitCode)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  scene.defer(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    screen: () => screen,
    press: (keys) => void child.stdin.write(keys),
    async shows(text) {
      const isShown = (): boolean =>
        typeof text === 'string' ? screen.includes(text) : text.test(screen)
      await waitFor(`the terminal shows ${text}`, () => {
        if (!isShown() && !isRunning()) throw new Error(`ended before it showed ${text}: ${screen}`)
        return isShown()
      })
    },
    isRunning,
    ended,
  }
}

/** The modes of the terminal that were switched and not switched back: a hidden cursor, no wrapping, another screen. */
export function modesLeft(screen: string): string[] {
  const usual: Record<string, string> = { '7': 'h', '25': 'h' }
  const last = new Map<string, string>()
  for (const [, mode = '', to = ''] of screen.matchAll(/\[\?(\d+)([hl])/g)) last.set(mode, to)
  return [...last]
    .filter(([mode, to]) => to !== (usual[mode] ?? 'l'))
    .map(([mode, to]) => mode + to)
}
