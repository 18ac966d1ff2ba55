import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange, noteRefusal } from './exchange.ts'
import type { OrderOf, ResultOf } from './messages.ts'

/** Requests one path after another at a fixed interval, until it is stopped. */
export async function askAgain(
  { address, paths, everyMs }: OrderOf<'gets'>,
  stopping: AbortSignal,
): Promise<ResultOf<'gets'>> {
  const agent = new Agent({ keepAlive: true })
  const asked: Promise<void>[] = []
  const ms: number[] = []
  const refusals: Record<string, number> = {}
  const ask = async (path: string, dueAt: number): Promise<void> => {
    const answer = await exchange(address + path, { agent, method: 'GET' })
    noteRefusal(refusals, answer, [200])
    ms.push(answer.answeredAt - dueAt)
  }
  for (let index = 0; !stopping.aborted; index += 1) {
    asked.push(ask(paths[index % paths.length] ?? '', performance.now()))
    await delay(everyMs)
  }
  await Promise.all(asked)
  agent.destroy()
  return { kind: 'gets', ms, refusals }
}
