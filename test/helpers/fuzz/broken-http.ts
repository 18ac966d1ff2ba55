import * as fc from 'fast-check'

/** Bytes of an invalid request, in the pieces in which they are sent; then the client is silent. */
export interface BrokenHttp {
  name: string
  pieces: Buffer[]
  /** The most answers that it may be given: more would mean that a body was taken for a request. */
  mostAnswers: number
}

const host = 'Host: localhost\r\n'
const get = `GET /version HTTP/1.1\r\n${host}\r\n`
const post = (headers: string, body: string): string =>
  `POST /v1/documents HTTP/1.1\r\n${host}${headers}\r\n${body}`
const form = 'Content-Type: multipart/form-data; boundary=x\r\n'
const image = 'Content-Type: image/png\r\n'
const chunked = 'Transfer-Encoding: chunked\r\n'
const part = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'

const whole: Record<string, string> = {
  'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'an empty line': '\r\n\r\n',
  'HTTP/0.9': 'GET /version\r\n\r\n',
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/9.9': `GET /version HTTP/9.9\r\n${host}\r\n`,
  'no Host': 'GET /version HTTP/1.1\r\n\r\n',
  'two Hosts': `GET /version HTTP/1.1\r\n${host}Host: evil\r\n\r\n`,
  'an unknown method': `BREW /version HTTP/1.1\r\n${host}\r\n`,
  CONNECT: `CONNECT localhost:80 HTTP/1.1\r\n${host}\r\n`,
  'an asterisk': `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
  'the whole URL of another host': `GET http://evil/version HTTP/1.1\r\n${host}\r\n`,
  'a path that is not encoded': `GET /v1/documents/\xff\xfe HTTP/1.1\r\n${host}\r\n`,
  'a path with a blank': `GET /v1/ documents HTTP/1.1\r\n${host}\r\n`,
  'a path with NUL': `GET /v1/\0 HTTP/1.1\r\n${host}\r\n`,
  'percent signs that stand for nothing': `GET /v1/documents/%zz HTTP/1.1\r\n${host}\r\n`,
  'bytes that are no UTF-8': `GET /v1/documents/%ff%fe HTTP/1.1\r\n${host}\r\n`,
  'a path of 15 000 characters': `GET /${'a'.repeat(15_000)} HTTP/1.1\r\n${host}\r\n`,
  'an id of 10 000 characters': `GET /v1/documents/${'a'.repeat(10_000)} HTTP/1.1\r\n${host}\r\n`,
  'five thousand headers': `GET /version HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(5_000)}\r\n`,
  'a header of 100 000 characters': `GET /version HTTP/1.1\r\n${host}X: ${'a'.repeat(100_000)}\r\n\r\n`,
  'a header without a colon': `GET /version HTTP/1.1\r\n${host}broken\r\n\r\n`,
  'a header with a blank before its colon': `GET /version HTTP/1.1\r\n${host}X : y\r\n\r\n`,
  'a folded header': `GET /version HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`,
  'a header with NUL': `GET /version HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`,
  'line feeds only': `GET /version HTTP/1.1\n${host}\n`,
  'an unknown expectation': post(`Expect: more\r\n${image}Content-Length: 3\r\n`, 'abc'),
  'two lengths': post(`${image}Content-Length: 3\r\nContent-Length: 4\r\n`, `abc${get}`),
  'a length below zero': post(`${image}Content-Length: -1\r\n`, 'abc'),
  'a length with a plus': post(`${image}Content-Length: +3\r\n`, 'abc'),
  'a length beyond all numbers': post(`${image}Content-Length: ${'9'.repeat(40)}\r\n`, 'abc'),
  'a length of an exabyte': post(`${image}Content-Length: 1000000000000000000\r\n`, 'abc'),
  'a length that is longer than the body': post(`${image}Content-Length: 100\r\n`, 'abc'),
  'a length and chunks': post(`Content-Length: 4\r\n${chunked}`, `0\r\n\r\n${get}`),
  'chunks and a length': post(`${chunked}Content-Length: 4\r\n`, `0\r\n\r\n${get}`),
  'chunks under a name with a tab': post(
    'Transfer-Encoding:\tchunked, identity\r\n',
    `0\r\n\r\n${get}`,
  ),
  'chunked twice': post(`${chunked}${chunked}`, `0\r\n\r\n${get}`),
  'an unknown encoding': post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${get}`),
  'a chunk size that is no number': post(image + chunked, 'zz\r\nabc\r\n0\r\n\r\n'),
  'a chunk below zero': post(image + chunked, '-1\r\nabc\r\n0\r\n\r\n'),
  'a chunk beyond all numbers': post(image + chunked, `${'f'.repeat(20)}\r\nabc`),
  'a chunk that is longer than said': post(image + chunked, '2\r\nabcdef\r\n0\r\n\r\n'),
  'a chunk without its end': post(image + chunked, '5\r\nabc'),
  'chunks without an end': post(image + chunked, '3\r\nabc\r\n'),
  'a chunk extension of 50 000 characters': post(
    image + chunked,
    `3;${'a'.repeat(50_000)}\r\nabc\r\n0\r\n\r\n`,
  ),
  'trailers without an end': post(image + chunked, `0\r\n${'X: y\r\n'.repeat(5_000)}`),
  'a form without a boundary': post(
    'Content-Type: multipart/form-data\r\nContent-Length: 3\r\n',
    'abc',
  ),
  'a form with another boundary': post(`${form}Content-Length: 9\r\n`, '--y\r\n\r\na\r\n'),
  'a form that ends in a header': post(`${form}Content-Length: 500\r\n`, part.slice(0, 30)),
  'a form that ends in a file': post(`${form}Content-Length: 500\r\n`, `${part}\x89PNG`),
  'a form without its end': post(`${form}Content-Length: ${part.length + 3}\r\n`, `${part}abc`),
  'a form of boundaries only': post(`${form}Content-Length: 5000\r\n`, '--x\r\n'.repeat(1_000)),
  'a part with a thousand headers': post(
    `${form}Content-Length: 100000\r\n`,
    `--x\r\n${'X-A: b\r\n'.repeat(1_000)}${part}`,
  ),
  'JSON that ends early': post(
    'Content-Type: application/json\r\nContent-Length: 50\r\n',
    '{"source":',
  ),
}

export const brokenHttp: BrokenHttp[] = [
  ...Object.entries(whole).map(([name, text]) => ({
    name,
    pieces: [Buffer.from(text, 'latin1')],
    mostAnswers: 1,
  })),
  {
    name: 'a body that looks like a request',
    ...inPieces(post(`${image}Content-Length: ${get.length}\r\n`, get)),
    mostAnswers: 1,
  },
  { name: 'a request byte by byte', ...inPieces(get), mostAnswers: 1 },
  { name: 'a hundred requests at once', pieces: [Buffer.from(get.repeat(100))], mostAnswers: 100 },
  { name: 'nothing', pieces: [], mostAnswers: 0 },
]

function inPieces(text: string): Pick<BrokenHttp, 'pieces'> {
  return { pieces: Array.from(Buffer.from(text), (byte) => Buffer.of(byte)) }
}

const templates = [
  get,
  post(`${image}Content-Length: 8\r\n`, '\x89PNG\r\n\x1a\n'),
  post(`${form}Content-Length: ${part.length + 10}\r\n`, `${part}ab\r\n--x--\r\n`),
  post(`Content-Type: application/json\r\n${chunked}`, 'd\r\n{"source":{}}\r\n0\r\n\r\n'),
]

/** Right requests in which a few bytes are changed, doubled or left out. */
export const damagedHttp: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.constantFrom(...templates),
    fc.array(
      fc.record({
        at: fc.nat(),
        kind: fc.constantFrom('change', 'double', 'remove', 'cut'),
        byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 10, 13, 32, 58, 0x80, 0xff)),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([text, changes]) => {
    let bytes = Buffer.from(text, 'latin1')
    for (const { at, kind, byte } of changes) {
      const place = at % Math.max(1, bytes.length)
      const [before, after] = [bytes.subarray(0, place), bytes.subarray(place + 1)]
      const middle = bytes.subarray(place, place + 1)
      if (kind === 'change') bytes = Buffer.concat([before, Buffer.of(byte), after])
      else if (kind === 'double') bytes = Buffer.concat([before, middle, middle, after])
      else bytes = Buffer.concat(kind === 'remove' ? [before, after] : [before])
    }
    return bytes
  })
