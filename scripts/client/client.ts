import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream'
import type { ScriptoriumDocument } from '../../shared/contract/result/document.ts'
import type { Problem } from '../../services/api/schemas/common.ts'
import type { DocumentView, UploadView } from '../../services/api/schemas/document.ts'
import type { RunBody, UploadOptions } from '../../services/api/schemas/options.ts'
import type { RunView } from '../../services/api/schemas/run.ts'

/** A rejection by the service, with its message. */
export class ProblemError extends Error {
  readonly problem: Problem
  /** Seconds to wait before a retry, where the service gave them. */
  readonly retryAfter: number | undefined

  constructor(problem: Problem, retryAfter: string | null) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`)
    this.problem = problem
    this.retryAfter = retryAfter === null ? undefined : Number(retryAfter)
  }
}

interface UploadWishes {
  options?: UploadOptions
  /** Seconds to wait for the result. */
  wait?: number
  idempotencyKey?: string
}

/** One page of a list. */
interface ListPage<T> {
  items: T[]
  nextCursor: string | null
}

/** A client of the HTTP API. Every method throws `ProblemError` where the service rejects the request. */
export function createClient(address: string, token?: string) {
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    const response = await fetch(new URL(path, address), { ...init, headers })
    if (response.ok) return response
    throw new ProblemError((await response.json()) as Problem, response.headers.get('retry-after'))
  }
  const json = async <T>(path: string, init?: RequestInit): Promise<T> =>
    (await (await send(path, init)).json()) as T
  const post = <T>(path: string, body?: unknown): Promise<T> =>
    json(path, {
      method: 'POST',
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    })

  return {
    send,
    json,
    post,
    /** Uploads files from disk as streams: one file gives a document, several give an upload. */
    async upload(
      files: readonly (string | File)[],
      { options, wait, idempotencyKey }: UploadWishes = {},
    ): Promise<DocumentView | UploadView> {
      const form = new FormData()
      if (options !== undefined) form.append('options', JSON.stringify(options))
      for (const file of files) {
        if (typeof file === 'string') form.append('files', await openAsBlob(file), basename(file))
        else form.append('files', file)
      }
      const query = wait === undefined ? '' : `?wait=${wait}`
      const headers: Record<string, string> =
        idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
      return json(`/v1/documents${query}`, { method: 'POST', body: form, headers })
    },
    document: (id: string, wait = 0) => json<DocumentView>(`/v1/documents/${id}?wait=${wait}`),
    result: (id: string) => json<ScriptoriumDocument>(`/v1/documents/${id}/result?format=json`),
    text: async (id: string) => (await send(`/v1/documents/${id}/result?format=txt`)).text(),
    cancel: (id: string) => post<DocumentView>(`/v1/documents/${id}/cancel`),
    retry: (id: string) => post<DocumentView>(`/v1/documents/${id}/retry`),
    remove: (id: string) => send(`/v1/documents/${id}`, { method: 'DELETE' }),
    startRun: (body: RunBody) => post<RunView>('/v1/runs', body),
    run: (id: string) => json<RunView>(`/v1/runs/${id}`),
    /** Every entry of a list, page after page. */
    async *all<T>(path: string): AsyncGenerator<T> {
      let cursor: string | null = null
      do {
        const url: URL = new URL(path, address)
        if (cursor !== null) url.searchParams.set('cursor', cursor)
        const page: ListPage<T> = await json(url.pathname + url.search)
        yield* page.items
        cursor = page.nextCursor
      } while (cursor !== null)
    },
    /** The events of a document or a run, to its end; with `lastEventId` those after it. */
    async *follow(
      links: { events: string },
      { lastEventId, signal }: { lastEventId?: string; signal?: AbortSignal } = {},
    ): AsyncGenerator<EventSourceMessage> {
      const response = await send(links.events, {
        headers: {
          accept: 'text/event-stream',
          ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
        },
        ...(signal && { signal }),
      })
      if (response.body === null) return // 204: it has ended, and nothing was missed.
      yield* response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())
    },
  }
}

export type Client = ReturnType<typeof createClient>
