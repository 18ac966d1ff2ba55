import { parentPort, type Transferable } from 'node:worker_threads'
import { ScriptoriumError, toError, type ErrorCode } from '../../../shared/errors.ts'

/** Calls by name, each with its argument and its answer. */
export type Calls = { [Name in string]: { argument: unknown; answer: unknown } }

export interface Request {
  name: string
  argument: unknown
}

/** One answer; `heapBytes` is what the thread holds on to from now on. */
export type Response = { heapBytes: number } & (
  | { answer: unknown }
  | { error: { code: ErrorCode | undefined; message: string } }
)

type Handlers<C> = {
  [Name in keyof C]: C[Name] extends { argument: infer A; answer: infer R }
    ? (
        argument: A,
      ) =>
        | { answer: R; transfer?: readonly Transferable[] }
        | Promise<{ answer: R; transfer?: readonly Transferable[] }>
    : never
}

/** Answers the calls of `createDecodeThread` in a thread, one after the other. */
export function serve<C>(handlers: Handlers<C>, heapBytes: () => number): void {
  const port = parentPort
  if (port === null) throw new Error('this file is run as a thread')
  const table = handlers as Record<string, (argument: unknown) => unknown>
  const answer = async ({ name, argument }: Request): Promise<void> => {
    try {
      const given = (await table[name]?.(argument)) as {
        answer: unknown
        transfer?: readonly Transferable[]
      }
      const response: Response = { heapBytes: heapBytes(), answer: given.answer }
      port.postMessage(response, given.transfer ?? [])
    } catch (thrown) {
      const code = thrown instanceof ScriptoriumError ? thrown.code : undefined
      const error = { code, message: toError(thrown).message }
      port.postMessage({ heapBytes: heapBytes(), error } satisfies Response)
    }
  }
  port.on('message', (request: Request) => void answer(request))
}
