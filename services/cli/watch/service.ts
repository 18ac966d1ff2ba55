import { setTimeout as delay } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { Option, type Command } from 'commander'
import { isErrorCode, ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { delayAfter } from '../../../shared/process/waiting/retry.ts'

/** One server-sent event. */
export interface Event {
  id: string | undefined
  name: string
  data: string
}

interface Deps {
  url: string
  token: string | undefined
  stopping: AbortSignal
}

export interface ServiceOptions {
  url?: string
}

const defaultUrl = 'http://127.0.0.1:8080'
const delays = { firstMs: 500, maxMs: 10_000 }

/** The token has no option: every user of the machine can read a command line. */
export const withService = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--url <url>',
        `address of the service (default: ${defaultUrl}) (env: SCRIPTORIUM_URL)`,
      ),
    )
    .addHelpText('after', '\nWith tokens, SCRIPTORIUM_TOKEN holds one with the scope read.')

/** The HTTP API as a command of this machine or another one sees it. */
export function createService({ url, token, stopping }: Deps) {
  const send = async (path: string, headers: Record<string, string> = {}): Promise<Response> => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    let response: Response
    try {
      const init = { headers: { ...headers, ...authorization }, signal: stopping }
      response = await fetch(new URL(path, url), init)
    } catch (thrown) {
      throw unreachable(url, thrown)
    }
    if (response.ok) return response
    throw await toProblem(response)
  }

  /** Events of one connection. */
  async function* connect(
    path: string,
    last: string | undefined,
    onOpen: () => void,
  ): AsyncGenerator<Event> {
    const response = await send(path, {
      accept: 'text/event-stream',
      ...(last !== undefined && { 'last-event-id': last }),
    })
    onOpen()
    if (response.body === null) return
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
    for await (const { id, event = 'message', data } of events) yield { id, name: event, data }
  }

  return {
    url,
    /** Throws the service's error, or `service_unreachable`. */
    json: async <T>(path: string, parse: (value: unknown) => T): Promise<T> =>
      parse(await (await send(path)).json()),
    /**
     * Events after the id `from`, or from now on, until `finished` or `stopping`. A lost connection is made again, and the service sends the events that
     * were missed. Throws where the first attempt fails, and errors that a repetition does not cure.
     */
    async *follow(
      path: string,
      onLost: (why: Error) => void,
      from?: string,
    ): AsyncGenerator<Event> {
      let last = from
      let failures = 0
      let isConnected = false
      const onOpen = (): void => void (isConnected = true)
      while (!stopping.aborted) {
        try {
          for await (const event of connect(path, last, onOpen)) {
            failures = 0
            last = event.id ?? last
            yield event
            if (event.name === 'finished') return
          }
          if (failures === 0) onLost(new Error('the service closed the connection'))
        } catch (thrown) {
          if (stopping.aborted) return
          const error = toError(thrown)
          if (!isConnected || (error instanceof ScriptoriumError && !error.retryable)) throw error
          if (failures === 0) onLost(error)
        }
        failures += 1
        await delay(delayAfter(failures, delays), undefined, { signal: stopping }).catch(
          () => undefined, // The command ends.
        )
      }
    },
  }
}

export type Service = ReturnType<typeof createService>

/** The address and the token of a command. Throws `bad_arguments` where the address is none. */
export function serviceOf(
  { url: given }: ServiceOptions,
  environment: NodeJS.ProcessEnv,
  stopping: AbortSignal,
): Service {
  const url = (given ?? environment['SCRIPTORIUM_URL']) || defaultUrl
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new ScriptoriumError(
      'bad_arguments',
      `${url} is no http or https address; correct --url or SCRIPTORIUM_URL`,
    )
  return createService({ url, token: environment['SCRIPTORIUM_TOKEN'] || undefined, stopping })
}

const unreachable = (url: string, cause: unknown): ScriptoriumError =>
  new ScriptoriumError(
    'service_unreachable',
    `no service answers at ${url}; start it (npx scriptorium serve), or give its address (--url or SCRIPTORIUM_URL)`,
    { cause },
  )

/** The service's own error, or one for an answer of something else at that address. */
async function toProblem(response: Response): Promise<ScriptoriumError> {
  const { code, detail } = problemIn(await response.text())
  if (code === undefined || !isErrorCode(code))
    return new ScriptoriumError(
      'service_unreachable',
      `${response.url} answers with status ${response.status}, and is no Scriptorium`,
    )
  const cure = response.status === 401 ? '; set SCRIPTORIUM_TOKEN' : ''
  return new ScriptoriumError(code, `${detail}${cure}`)
}

function problemIn(text: string): { code?: string; detail: string } {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null) return { detail: text }
    const [code, detail] = ['code', 'detail'].map((name) => Reflect.get(parsed, name))
    return typeof code === 'string' ? { code, detail: String(detail) } : { detail: text }
  } catch {
    return { detail: text } // A proxy in front answers in a form of its own.
  }
}
