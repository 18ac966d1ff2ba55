import { EventSourceParserStream } from 'eventsource-parser/stream'
import { useEffect, useRef } from 'preact/hooks'
import { ApiProblem, send } from './api.ts'

/** An event of the API; its name tells the type of its data. */
export interface LiveEvent<T> {
  name: string
  data: T
}

const maxWaitMs = 10_000
const endedStatus = 204

/**
 * Follows a stream of server-sent events to its end, and reconnects with the id of the last event, so that none is
 * missed. The browser's own EventSource cannot send a token.
 */
export async function follow<T>(
  path: string,
  onEvent: (event: LiveEvent<T>) => void,
  signal: AbortSignal,
): Promise<void> {
  let last: string | undefined
  let waitMs = 1_000
  while (!signal.aborted) {
    try {
      const headers = {
        accept: 'text/event-stream',
        ...(last !== undefined && { 'last-event-id': last }),
      }
      const response = await send(path, { headers, signal })
      if (response.status === endedStatus || response.body === null) return
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())
      for await (const { id, event = 'message', data } of events) {
        waitMs = 1_000
        if (id !== undefined) last = id
        onEvent({ name: event, data: JSON.parse(data) as T })
        if (event === 'finished') return
      }
    } catch (thrown) {
      if (signal.aborted) return
      // A refusal stays one; an outage, and a limit of streams, end.
      const isRefusal = thrown instanceof ApiProblem && [401, 403, 404].includes(thrown.status)
      if (isRefusal) return
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    waitMs = Math.min(maxWaitMs, waitMs * 2)
  }
}

/**
 * Follows the events of `path` while the component is shown; null follows nothing. Of the events of one name between two
 * frames only the last is passed on: a busy run has a thousand in a second.
 */
export function useEvents<T>(path: string | null, onEvent: (event: LiveEvent<T>) => void): void {
  const latest = useRef(onEvent)
  latest.current = onEvent
  useEffect(() => {
    if (path === null) return undefined
    const ended = new AbortController()
    const waiting = new Map<string, LiveEvent<T>>()
    let frame = 0
    const pass = (): void => {
      frame = 0
      const events = [...waiting.values()]
      waiting.clear()
      for (const event of events) latest.current(event)
    }
    const take = (event: LiveEvent<T>): void => {
      waiting.delete(event.name) // In the order of the last ones.
      waiting.set(event.name, event)
      if (frame === 0) frame = requestAnimationFrame(pass)
    }
    void follow<T>(path, take, ended.signal)
    return () => {
      ended.abort()
      cancelAnimationFrame(frame)
    }
  }, [path])
}
