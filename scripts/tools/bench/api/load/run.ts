import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import { join } from 'node:path'
import type { Bench } from '../../run/setting.ts'
import {
  parseLoadAnswer,
  type LoadAnswer,
  type LoadOrder,
  type OrderOf,
  type ResultOf,
} from './messages.ts'

const loadMain = join(import.meta.dirname, 'main.ts')

/** A running load, in a process of its own: its cost is not the API's. */
interface Load<K extends LoadOrder['kind']> {
  /** Resolves to its result, and its share of a processor, percent. */
  done: Promise<{ result: ResultOf<K>; cpuShare: number }>
  /** Asks it to finish. */
  stop: () => void
}

/** Starts a load, and returns when it is running. */
export async function startLoad<K extends LoadOrder['kind']>(
  { node, repository, environment, stopping }: Bench,
  order: OrderOf<K>,
): Promise<Load<K>> {
  const child = fork(loadMain, [], {
    execPath: node,
    cwd: repository,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const kill = (): unknown => child.kill('SIGKILL')
  stopping.addEventListener('abort', kill)
  const over = new AbortController()
  child.once('exit', () => over.abort(new Error(`the load ${order.kind} ended before it was done`)))
  const answers = answersOf(child, over.signal)
  child.send(order)
  await answers.next()
  const finish = async (): Promise<{ result: ResultOf<K>; cpuShare: number }> => {
    const { value } = await answers.next()
    stopping.removeEventListener('abort', kill)
    const exit = once(child, 'exit')
    child.disconnect()
    await exit
    if (value?.kind === 'done' && isOf(value.result, order.kind)) {
      return { result: value.result, cpuShare: value.cpuShare }
    }
    throw new Error(`the load ${order.kind} has no result`)
  }
  const done = finish()
  done.catch(() => undefined) // Callers that await it still get the rejection.
  return { done, stop: () => child.send('stop') }
}

/** Starts a load and waits for its end. */
export async function runLoad<K extends LoadOrder['kind']>(
  bench: Bench,
  order: OrderOf<K>,
): Promise<{ result: ResultOf<K>; cpuShare: number }> {
  return (await startLoad(bench, order)).done
}

async function* answersOf(
  child: NodeJS.EventEmitter,
  signal: AbortSignal,
): AsyncGenerator<LoadAnswer, undefined> {
  for await (const [message] of on(child, 'message', { signal })) yield parseLoadAnswer(message)
  return undefined
}

const isOf = <K extends LoadOrder['kind']>(
  result: { kind: string },
  kind: K,
): result is ResultOf<K> => result.kind === kind
