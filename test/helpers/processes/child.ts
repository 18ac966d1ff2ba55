import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Ending } from '../folder.ts'

/** A child process of a test, all it has written so far, and its end. */
export interface Child {
  process: ChildProcess
  output: () => string
  /** Resolves once its output holds `text`; rejects where it ends before. */
  says: (text: string) => Promise<void>
  ended: Promise<{ code: number | null; signal: string | null }>
}

/** Runs a TypeScript file under the Node that runs the tests. With `isChild` it has an IPC channel to us. */
export function runScript(
  ending: Ending,
  file: string,
  arguments_: readonly string[] = [],
  { isChild = false, environment = process.env } = {},
): Child {
  const child = spawn(process.execPath, [file, ...arguments_], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', ...(isChild ? ['ipc' as const] : [])],
  })
  let output = ''
  const take = (chunk: Buffer): void => {
    output += chunk.toString()
    child.emit('said')
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  // Not its 'close' event: that never comes once we have disconnected its IPC channel.
  const closes = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'))
  const ended = Promise.all([once(child, 'exit'), ...closes]).then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
  }))
  ending.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    process: child,
    output: () => output,
    ended,
    async says(text) {
      while (!output.includes(text)) {
        const isOver = await Promise.race([
          once(child, 'said').then(() => false),
          ended.then(() => true),
        ])
        if (isOver && !output.includes(text)) throw new Error(`never said ${text}: ${output}`)
      }
    },
  }
}
