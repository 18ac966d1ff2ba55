import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { startApi } from '../../helpers/api/api.ts'
import { sendBytes } from '../../helpers/fuzz/send.ts'

const api = await startApi({ after })
await api.app.listen({ host: '127.0.0.1', port: 0 })
const address = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`

const hidden = 'GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n'
const post = (headers: string, body: string): string =>
  `POST /v1/documents/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n${body}`

/** Requests whose end a proxy in front could see elsewhere; each carries another one in its body. */
const ambiguous = {
  'a length and chunks': post(
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    `0\r\n\r\n${hidden}`,
  ),
  'chunks and a length': post(
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
    `0\r\n\r\n${hidden}`,
  ),
  'two lengths': post('Content-Length: 2\r\nContent-Length: 40\r\n', `{}${hidden}`),
  'two lengths in one': post('Content-Length: 2, 40\r\n', `{}${hidden}`),
  'a length with a sign': post('Content-Length: +2\r\n', `{}${hidden}`),
  'a length in hexadecimal': post('Content-Length: 0x2\r\n', `{}${hidden}`),
  'a blank before the colon': post('Content-Length : 2\r\n', `{}${hidden}`),
  'a folded header': post('X-A: b\r\n Content-Length: 40\r\nContent-Length: 2\r\n', `{}${hidden}`),
  'an unknown encoding': post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${hidden}`),
  'chunked, and not last': post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${hidden}`),
  'chunked by a tab': post('Transfer-Encoding:\x0bchunked\r\n', `0\r\n\r\n${hidden}`),
  'a chunk size that is no number': post(
    'Transfer-Encoding: chunked\r\n',
    `zz\r\n{}\r\n0\r\n\r\n${hidden}`,
  ),
  'a chunk that is longer than said': post(
    'Transfer-Encoding: chunked\r\n',
    `1\r\n{}\r\n0\r\n\r\n${hidden}`,
  ),
  'a line that ends with CR alone': `GET /version HTTP/1.1\rHost: localhost\r\r${hidden}`,
}

test('a request with an ambiguous end is rejected, and no hidden request is answered', async () => {
  for (const [name, text] of Object.entries(ambiguous)) {
    const answer = await sendBytes(address, [Buffer.from(text, 'latin1')])
    assert.match(answer, /^HTTP\/1\.1 400 /, `${name}: ${answer.slice(0, 300)}`)
    assert.equal(answer.match(/^HTTP\/1\.1 \d/gm)?.length, 1, `${name}: ${answer}`)
    assert.doesNotMatch(answer, /"version":/, name)
  }
})
