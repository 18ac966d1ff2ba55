import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { BenchSetting } from '../run/setting.ts'
import { parseLoopAnswer, type LoopAnswer, type LoopOrder } from './messages.ts'

const loopMain = join(import.meta.dirname, 'main.ts')

/**
 * Runs one bare loop for each order, all at the same time, each in a process of its own. Returns their total pages/s.
 */
export async function runBareLoops(
  setting: BenchSetting,
  orders: readonly LoopOrder[],
): Promise<number> {
  const loops = orders.map((order) => ({ order, child: start(setting) }))
  const stop = (): void => loops.forEach(({ child }) => void child.kill('SIGKILL'))
  setting.stopping.addEventListener('abort', stop)
  try {
    // The clock starts when every engine is loaded.
    await Promise.all(loops.map(({ child }) => answerOf(child)))
    const done = await Promise.all(
      loops.map(({ order, child }) => {
        const answer = answerOf(child)
        child.send(order)
        return answer
      }),
    )
    const pages = done.reduce((sum, answer) => sum + pagesOf(answer), 0)
    return pages / Math.max(...done.map((answer) => (answer.kind === 'done' ? answer.seconds : 0)))
  } finally {
    await Promise.all(loops.map(({ child }) => ended(child)))
    setting.stopping.removeEventListener('abort', stop)
  }
}

function start({ node, repository, environment }: BenchSetting): ChildProcess {
  return fork(loopMain, [], {
    execPath: node,
    cwd: repository,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

async function answerOf(child: ChildProcess): Promise<LoopAnswer> {
  const gone = new AbortController()
  const early = once(child, 'exit', { signal: gone.signal }).then(() => {
    throw new Error('a bare loop ended before it was done')
  })
  early.catch(() => undefined) // Aborted once the answer has arrived.
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: gone.signal }), early])
    return parseLoopAnswer(message)
  } finally {
    gone.abort()
  }
}

const pagesOf = (answer: LoopAnswer): number => (answer.kind === 'done' ? answer.pages : 0)

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  if (child.connected) child.disconnect()
  await exit
}
