import assert from 'node:assert/strict'
import { pngOf, tiffOf } from '../pages/pages.ts'
import type { Service } from '../processes/service.ts'
import type { Stock } from './requests.ts'

/** The engine hangs on it. */
export const endless = 'hang.png'

/** Documents in every state, runs of both kinds, and a webhook. */
export async function stockUp({ client }: Service, maxFileBytes: number): Promise<Stock> {
  const upload = async (name: string, bytes: Buffer, query = ''): Promise<[string, string]> => {
    const body = new Uint8Array(bytes)
    const headers = { 'content-type': 'application/octet-stream' }
    const path = `/v1/documents?name=${name}${query}`
    const view = await client.json<{ id: string; runId: string }>(path, {
      method: 'POST',
      body,
      headers,
    })
    return [view.id, view.runId]
  }
  const page = await pngOf('stock')
  const [read, readRun] = await upload('read.png', page, '&wait=20')
  const [many] = await upload('many.tiff', await tiffOf(['m1', 'm2']), '&wait=20')
  const [failed, failedRun] = await upload('throw.png', await pngOf('failing'), '&wait=20')
  const folder = await client.startRun({ root: 'scans' })
  const hook = await client.post<{ id: string }>('/v1/webhooks', { url: 'http://127.0.0.1:1/' })
  const slow = new File([new Uint8Array(await pngOf('slow'))], endless)
  const reading = await client.upload([slow], { options: { timeoutMs: 3_600_000 } })
  assert.ok('id' in reading)
  return {
    ids: new Map([
      ['documents', [read, many, failed, reading.id]],
      ['runs', [readRun, failedRun, reading.runId, folder.id]],
      ['webhooks', [hook.id]],
    ]),
    pages: [page, await pngOf('fresh'), await tiffOf(['t1', 't2', 't3'])],
    tooLarge: Buffer.concat([page, Buffer.alloc(maxFileBytes)]),
  }
}
