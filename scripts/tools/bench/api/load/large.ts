import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { exchange } from './exchange.ts'
import type { OrderOf, ResultOf } from './messages.ts'

const head = Buffer.from(
  '--bench\r\ncontent-disposition: form-data; name="options"\r\n\r\n{"priority":"bulk"}\r\n' +
    '--bench\r\ncontent-disposition: form-data; name="files"; filename="large.png"\r\n\r\n',
)
const tail = Buffer.from('\r\n--bench--\r\n')
const signature = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

/** Uploads one file of noise that begins like a PNG; it is generated during the upload. */
export async function sendLarge(order: OrderOf<'large'>): Promise<ResultOf<'large'>> {
  const agent = new Agent()
  const began = performance.now()
  const { status } = await exchange(`${order.address}/v1/documents`, {
    agent,
    method: 'POST',
    headers: {
      'content-type': 'multipart/form-data; boundary=bench',
      'content-length': head.length + order.bytes + tail.length,
    },
    body: Readable.from(makeBody(order.bytes), { objectMode: false }),
  })
  return { kind: 'large', status, seconds: (performance.now() - began) / 1_000 }
}

function* makeBody(bytes: number): Generator<Buffer> {
  yield head
  yield signature
  const noise = randomBytes(2 ** 16)
  for (let left = bytes - signature.length; left > 0; left -= noise.length) {
    yield noise.subarray(0, left)
  }
  yield tail
}
