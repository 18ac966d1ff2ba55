import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type AddressInfo, type Socket } from 'node:net'
import fastify, { type FastifyRequest } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { openSpool, type Spool } from '../../../shared/files/spool.ts'
import { createLimits } from '../../../services/api/limits/limits.ts'
import { createSpoolRoom, type SpoolRoom } from '../../../services/api/limits/spool-room.ts'
import {
  createSpoolStore,
  type Received,
  type SpoolStore,
} from '../../../services/api/intake/spool/store.ts'
import { readUploads, registerUploads } from '../../../services/api/intake/uploads/read-uploads.ts'
import type { UploadLimits } from '../../../services/api/intake/uploads/uploads.ts'
import { makeFolder, type Ending } from '../folder.ts'
import { waitFor } from '../wait.ts'

export const fastPace = { minBytesPerSecond: 1_024, windowMs: 30_000 }

/** Disk space without a limit but the disk itself. */
export const makeRoom = ({ tmp: folder }: Spool, minFreeBytes = 0): SpoolRoom =>
  createSpoolRoom({ folder, minFreeBytes, limits: createLimits(unlimited) })

const unlimited = {
  connections: Infinity,
  body_bytes: Infinity,
  open_uploads: Infinity,
  event_streams: Infinity,
  spool_bytes: Infinity,
  queue_jobs: Infinity,
  uncollected_results: Infinity,
  webhooks: Infinity,
  renderings: Infinity,
  pictures: Infinity,
  searches: Infinity,
}

/** The first bytes of a JPEG, padded to this length. */
export function jpegLike(length: number, fill = 0): Buffer {
  const bytes = Buffer.alloc(length, fill)
  bytes.write('ffd8ffe000104a46494600', 'hex')
  return bytes
}

export interface Answer {
  status: number
  body: {
    code?: string
    message?: string
    options?: unknown
    received?: Pick<Received, 'name' | 'sha256' | 'bytes' | 'mediaType'>[]
    rejected?: { name: string; code: string; message: string }[]
  }
}

interface UploadApp {
  store: SpoolStore
  spool: Spool
  port: number
  /** Codes of the requests that failed, answered or not. */
  failures: string[]
  send: (
    body: FormData | Buffer | string,
    headers?: Record<string, string>,
    path?: string,
  ) => Promise<Answer>
  /** A connection with a started request; further bytes are its body. */
  begin: (headers: Record<string, string | number>) => Promise<Socket>
  /** Resolves once `tmp` is empty. */
  tmpIsEmpty: () => Promise<void>
}

/** A server that receives uploads, keeps them and returns what it received. */
export async function startUploadApp(
  ending: Ending,
  given: Partial<UploadLimits> = {},
  /** Runs before the server reads a request. */
  before: (request: FastifyRequest) => Promise<unknown> = async () => {},
): Promise<UploadApp> {
  const limits: UploadLimits = {
    maxFileBytes: 2 ** 30,
    maxRequestBytes: 2 ** 31,
    maxFiles: 100,
    pace: fastPace,
    lingerMs: 5_000,
    ...given,
  }
  const spool = openSpool(makeFolder(ending))
  const store = createSpoolStore({ spool, limits: { minFreeBytes: 0, pace: limits.pace } })
  const room = makeRoom(spool)
  const failures: string[] = []
  const app = fastify({ forceCloseConnections: true })
  ending.after(() => app.close())
  await registerUploads(app, limits)
  const handler = async (request: FastifyRequest) => {
    await before(request)
    const { options, received, rejected } = await readUploads(request, { store, room, limits })
    for (const file of received) await file.keep()
    return {
      options,
      received,
      rejected: rejected.map(({ name, error: { code, message } }) => ({ name, code, message })),
    }
  }
  app.route({ method: 'POST', url: '/', handler })
  app.setErrorHandler((error, _request, reply) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    failures.push(code)
    const status = error instanceof ScriptoriumError ? error.httpStatus : 500
    const message = error instanceof Error ? error.message : ''
    return reply.status(status).send({ code, message })
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo

  return {
    store,
    spool,
    port,
    failures,
    async send(body, headers = {}, path = '/') {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body: typeof body === 'string' || body instanceof FormData ? body : new Uint8Array(body),
        headers,
      })
      return { status: response.status, body: (await response.json()) as Answer['body'] }
    },
    async begin(headers) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined) // A reset is an end: whoever waits for an answer learns of it by 'close'.
      ending.after(() => socket.destroy())
      await once(socket, 'connect')
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}\r\n`)
      return socket
    },
    tmpIsEmpty: async () => {
      await waitFor('an empty tmp', () => readdirSync(spool.tmp).length === 0)
    },
  }
}

/**
 * The next answer on a socket. Call it before sending further bytes: the reset that ends a too long request may follow
 * its answer immediately, and discards unread data.
 */
export function answerOn(socket: Socket): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  let text = ''
  const onData = (chunk: Buffer): void => {
    text += chunk.toString()
    const answer = parseAnswer(text)
    if (answer !== undefined) resolve(answer)
  }
  const onClose = (): void => reject(new Error(`closed without an answer: ${text}`))
  socket.on('data', onData).on('close', onClose)
  return promise.finally(() => socket.off('data', onData).off('close', onClose))
}

/** Undefined while it is incomplete. */
function parseAnswer(text: string): Answer | undefined {
  const [head = '', json = ''] = text.split('\r\n\r\n')
  const [, length] = /content-length: (\d+)/i.exec(head) ?? []
  if (length === undefined || Buffer.byteLength(json) < Number(length)) return undefined
  return { status: Number(head.split(' ')[1]), body: JSON.parse(json) as Answer['body'] }
}
