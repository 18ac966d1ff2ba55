import { readFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange, noteRefusal, type Exchange } from './exchange.ts'
import type { OrderOf, ResultOf } from './messages.ts'
import { createNoise } from './noise.ts'

const boundary = 'bench'
/** They must wait behind the bulk run, so that the fleet continues with real pages. */
const options = '{"priority":"bulk"}'
const before = Buffer.from(
  `--${boundary}\r\ncontent-disposition: form-data; name="options"\r\n\r\n${options}\r\n` +
    `--${boundary}\r\ncontent-disposition: form-data; name="files"; filename="noise.png"\r\n` +
    'content-type: image/png\r\n\r\n',
)
const after = Buffer.from(`\r\n--${boundary}--\r\n`)
/** 200 where it had been read by the time of the answer. */
const accepted = [200, 202]

/** Uploads noise, as a form with options, and measures the time of each upload. */
export async function sendNoise(order: OrderOf<'uploads'>): Promise<ResultOf<'uploads'>> {
  const { address, connections, count, bytes, everyMs } = order
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const make = createNoise(bytes)
  const result: ResultOf<'uploads'> = {
    kind: 'uploads',
    totalMs: [],
    lastByteMs: [],
    refusals: {},
    seconds: 0,
  }
  const send = async (dueAt: number): Promise<void> => {
    const body = [before, ...make(), after]
    const length = body.reduce((sum, piece) => sum + piece.length, 0)
    const headers = {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': length,
    }
    const url = `${address}/v1/documents`
    const asked = { agent, method: 'POST', headers, body } as const
    const answer = await exchange(url, asked)
    const { lastByteAt, answeredAt } = answer
    noteRefusal(result.refusals, answer, accepted)
    result.totalMs.push(answeredAt - dueAt)
    result.lastByteMs.push(answeredAt - lastByteAt)
  }
  const began = performance.now()
  if (everyMs === null) {
    let left = count
    const work = async (): Promise<void> => {
      while ((left -= 1) >= 0) await send(performance.now())
    }
    await Promise.all(Array.from({ length: connections }, work))
  } else {
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await delay(index * everyMs)
        // Waiting for a connection counts: an upload's time runs from when it was due.
        await send(began + index * everyMs)
      }),
    )
  }
  result.seconds = (performance.now() - began) / 1_000
  agent.destroy()
  return result
}

/** Uploads every file of a folder, in order, on this many connections. */
export async function sendFolder(order: OrderOf<'folder'>): Promise<ResultOf<'folder'>> {
  const { address, root, paths, connections } = order
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const ids: string[] = []
  const waiting = [...paths]
  const work = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const body = [await readFile(join(root, path))]
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': body[0]?.length ?? 0,
      }
      const url = `${address}/v1/documents?name=${encodeURIComponent(basename(path))}`
      ids.push(idIn(await exchange(url, { agent, method: 'POST', headers, body })))
    }
  }
  const beganAt = Date.now()
  await Promise.all(Array.from({ length: connections }, work))
  agent.destroy()
  return { kind: 'folder', ids, beganAt }
}

function idIn({ status, body }: Exchange): string {
  const view: { id?: string } = JSON.parse(body.toString())
  if (accepted.includes(status) && view.id !== undefined) return view.id
  throw new Error(`an upload was answered with ${status}: ${body.toString().slice(0, 500)}`)
}
