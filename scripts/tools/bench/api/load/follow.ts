import { Agent, request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { createParser } from 'eventsource-parser'
import type { OrderOf, ResultOf } from './messages.ts'

/**
 * Follows one path on many streams until the last has received its end. Calls `onBegun` when all are open. Streams that
 * are cut reconnect with Last-Event-ID, as browsers do.
 */
export async function createFollowing(
  order: OrderOf<'streams'>,
  onBegun: () => void,
): Promise<ResultOf<'streams'>> {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  let reconnects = 0
  let open = 0
  const opened = (): void => {
    open += 1
    if (open === order.count) onBegun()
  }
  const follow = async (isCut: boolean): Promise<string[]> => {
    const ids: string[] = []
    let lastId: string | undefined
    for (;;) {
      const response = await begin(order, agent, lastId)
      if (lastId === undefined && ids.length === 0) opened()
      else reconnects += 1
      const limit = isCut ? order.cutEvery : Number.POSITIVE_INFINITY
      const { isOver, last } = await read(response, ids, limit)
      lastId = last ?? lastId
      if (isOver) return ids
    }
  }
  const all = await Promise.all(
    Array.from({ length: order.count }, (_, index) => follow(index < order.cut)),
  )
  agent.destroy()
  const sequences = Map.groupBy(all, (ids) => ids.join(' '))
  return {
    kind: 'streams',
    reconnects,
    sequences: [...sequences.values()].map((group) => ({
      ids: group[0] ?? [],
      streams: group.length,
    })),
  }
}

async function begin(
  { address, path }: OrderOf<'streams'>,
  agent: Agent,
  lastId: string | undefined,
): Promise<IncomingMessage> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastId !== undefined && { 'last-event-id': lastId }),
  }
  const outgoing = request(address + path, { agent, headers }).end()
  const [response] = await once(outgoing, 'response')
  return response
}

/**
 * Reads until the end, or until this many events have arrived; adds their ids. Events with an id can be requested
 * again.
 */
async function read(
  response: IncomingMessage,
  ids: string[],
  limit: number,
): Promise<{ isOver: boolean; last: string | undefined }> {
  let isOver = response.statusCode === 204
  let last: string | undefined
  let count = 0
  const parser = createParser({
    onEvent({ id, event }) {
      if (count >= limit || isOver) return
      if (event === 'finished') isOver = true
      if (id === undefined || isOver) return
      ids.push(id)
      last = id
      count += 1
    },
  })
  response.setEncoding('utf8')
  for await (const text of response) {
    parser.feed(String(text))
    if (isOver || count >= limit) break // That destroys it.
  }
  return { isOver, last }
}
