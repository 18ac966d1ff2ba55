import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createReporter } from '../../../shared/redis/result-stream.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { formOf, startApi } from '../../helpers/api/api.ts'
import { pngOf, tiffOf } from '../../helpers/pages/pages.ts'
import { startReceiver } from '../../helpers/api/receiver.ts'
import { failedReport, pageReport } from '../../helpers/ledger/records.ts'
import { waitFor } from '../../helpers/wait.ts'

const api = await startApi({ after }, { SCRIPTORIUM_OUTBOUND_ALLOW: '127.0.0.1/32' })
api.startAggregator()
const reporter = createReporter(api.context.redis, api.context.keys)
const message = `cannot read '${join(api.folder, 'My Scans/a b.png')}' (${join(api.folder, 'x.png')})`
const error = { code: 'engine_failed', message }

async function upload(name: string, bytes: Buffer): Promise<DocumentView> {
  const body = formOf([{ name, bytes }])
  return (await api.call<DocumentView>('POST', '/v1/documents', { body })).body
}

const final = (id: string) =>
  waitFor('it is final', () => api.ledger.documents.get(id)?.state === 'final')

/** `call` itself fails where an answer names a folder of the host. */
test('no answer and no webhook contains a path of the host', async (t) => {
  const told: string[] = []
  const receiver = await startReceiver(t, (response, { body }) => {
    told.push(body)
    response.writeHead(204).end()
  })
  await api.call('POST', '/v1/webhooks', { body: { url: receiver.url } })

  const failed = await upload('failed.png', await pngOf('paths'))
  const row = await waitFor('it is planned', () => api.ledger.documents.get(failed.id))
  const about = { jobId: row.jobId, documentId: failed.id }
  await reporter.report(failedReport(about, { outcome: 'failed', error }))
  await final(failed.id)

  const partial = await upload('partial.tif', await tiffOf(['paths 1', 'paths 2']))
  const both = await waitFor('it is planned', () => api.ledger.documents.get(partial.id))
  const pageOf = (page: number) => ({ jobId: `${both.jobId}n${page}`, documentId: partial.id })
  await reporter.report(pageReport(pageOf(1), { page: 1, text: 'one' }, 2))
  const second = { page: 2, pagesTotal: 2, outcome: 'failed', error } as const
  await reporter.report(failedReport(pageOf(2), second))
  await final(partial.id)

  const wholes = [failed, partial].flatMap(({ links, runId }) => [
    links.self,
    links.result,
    links.run,
    `/v1/runs/${runId}/results`,
    `/v1/runs/${runId}/documents`,
  ])
  for (const url of [...wholes, '/v1/documents', '/v1/runs']) await api.call('GET', url)
  const shown = await api.call('GET', `/v1/runs/${partial.runId}/results`)
  assert.match(shown.text, /"failedPages":\[\{"page":2.*engine_failed/)
  for (const { runId, id } of [failed, partial]) {
    for (const url of [`/v1/runs/${runId}/events`, `/v1/documents/${id}/events`]) {
      const headers = { accept: 'text/event-stream', 'last-event-id': '0-1' }
      const { text } = await api.call('GET', url, { headers })
      assert.match(text, /engine_failed|partial/)
    }
  }
  await waitFor('the webhook', () => told.some((body) => body.includes('engine_failed')))
  for (const body of told) assert.ok(!body.includes(api.folder), body)
})
