import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { toError } from '../../../shared/process/errors.ts'

type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Requests to a Scriptorium API; each throws with the reason that a person can act on. */
export function createServiceClient(address: string, token: string | undefined) {
  const send = async (path: string, query: Query, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(path, address)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const headers = new Headers(init.headers)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    const response = await fetch(url, { ...init, headers }).catch((thrown: unknown) => {
      const message = `no Scriptorium answers at ${address} (${toError(thrown).message}); start one with npx scriptorium serve, or name another with --url`
      throw new Error(message, { cause: thrown })
    })
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
    return response
  }
  return {
    text: async (path: string, query: Query = {}): Promise<string> =>
      (await send(path, query)).text(),
    /** Uploads a file; returns the document, after at most a minute. */
    async upload(file: string): Promise<string> {
      const body = new FormData()
      body.append('files', await openAsBlob(file), basename(file))
      return (await send('/v1/documents', { wait: 60 }, { method: 'POST', body })).text()
    },
  }
}

export type ServiceClient = ReturnType<typeof createServiceClient>
