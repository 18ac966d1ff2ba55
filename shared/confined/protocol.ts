import { isErrorCode, type ErrorCode } from '../process/errors.ts'

/** Calls by name, each with its argument and its answer. For bytes in them see `frames.ts`. */
export type Calls<C> = { [N in keyof C]: { argument: unknown; answer: unknown } }

export interface Request {
  name: string
  argument: unknown
}

/** One response per request, plus one at the start, once the process is ready. */
export type Response =
  | { answer: unknown }
  | { error: { code: ErrorCode | undefined; message: string } }

/** The descriptor, in the child, of the socket between both. */
export const socketDescriptor = 3

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Throws where a message is not a request. */
export function parseRequest(message: unknown): Request {
  if (isObject(message) && typeof message['name'] === 'string') {
    return { name: message['name'], argument: message['argument'] }
  }
  throw new Error('the message is not a request')
}

/** Throws where a message is not a response: its sender is not trusted any more. */
export function parseResponse(message: unknown): Response {
  if (isObject(message) && 'answer' in message) return { answer: message['answer'] }
  const error = isObject(message) ? message['error'] : undefined
  if (!isObject(error)) throw new Error('the message is not a response')
  const code = String(error['code'])
  return {
    error: { code: isErrorCode(code) ? code : undefined, message: String(error['message']) },
  }
}
