import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { ScriptoriumError, toError } from '../process/errors.ts'
import { createFrameReader, toFrame } from './frames.ts'
import { parseRequest, socketDescriptor, type Request, type Response } from './protocol.ts'

/** The implementation of each call. */
export type Handlers<C> = {
  [N in keyof C]: C[N] extends { argument: infer A; answer: infer R }
    ? (argument: A) => R | Promise<R>
    : never
}

/** Requests hold data from a file whose size has a limit of its own. */
const maxRequestBytes = 4 * 2 ** 30

/**
 * Answers the calls of `createConfinedProcess` in the process that it started, one after the other. The process ends
 * with its parent; the parent handles signals of a terminal or to the process group.
 */
export function serveCalls<C>(handlers: Handlers<C>): void {
  offerToBeKilledFirst()
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
    process.on(signal, () => undefined)
  }
  const table = handlers as Record<string, (argument: unknown) => unknown>
  const parent = new Socket({ fd: socketDescriptor })
  const send = (response: Response): void => {
    for (const piece of toFrame(response)) parent.write(piece)
  }
  const answer = async ({ name, argument }: Request): Promise<void> => {
    try {
      const handler = table[name]
      if (handler === undefined) throw new Error(`unknown call ${name}`)
      send({ answer: (await handler(argument)) ?? null })
    } catch (thrown) {
      const code = thrown instanceof ScriptoriumError ? thrown.code : undefined
      send({ error: { code, message: toError(thrown).message } })
    }
  }
  const read = createFrameReader(maxRequestBytes, (message) => void answer(parseRequest(message)))
  parent.on('data', read)
  parent.on('error', () => process.exit()) // The parent died in the middle of an answer.
  parent.on('close', () => process.exit())
  send({ answer: null })
}

/** If a container runs out of memory, the kernel kills this process before its parent. */
function offerToBeKilledFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // No Linux, or /proc is not accessible: the parent's watch is left.
  }
}
