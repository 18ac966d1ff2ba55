import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createBlobTokens } from '../../../../shared/blobs/blob-tokens.ts'
import { bands } from '../../../../shared/redis/fair-turns.ts'
import { statKey } from '../../../../shared/files/stat-key.ts'
import type { Job } from '../../../../shared/contract/messages/job.ts'
import { startApi } from '../../../helpers/api/api.ts'
import { makeJob } from '../../../helpers/ledger/records.ts'

const api = await startApi({ after }, { SCRIPTORIUM_TOKENS: `a:admin:${'0'.repeat(64)}` })
const { queue } = api.context
let jobs = 0

/** Puts a job for a file of the root on the queue; returns its id, its token and its file. */
async function addJob(content: string | Buffer, given: Partial<Job> = {}) {
  jobs += 1
  const path = `file-${jobs}.pdf`
  const file = join(api.scans, path)
  writeFileSync(file, content)
  const stat = statKey(statSync(file, { bigint: true }))
  const job = makeJob({ root: api.scans, path, stat, documentId: `d${jobs}`, ...given })
  const jobId = `j${jobs}`
  await queue.add([{ jobId, job, band: bands.bulk, caller: 'tester' }])
  const { blob = '' } = (await queue.find(jobId)) ?? {}
  return { jobId, file, token: blob, job }
}

const asking = (token: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${token}`, ...more },
})

test('the token of a job gives its file, with its size and hash', async () => {
  const { jobId, token } = await addJob('the whole file')
  const { status, headers, text } = await api.call('GET', `/v1/blobs/${jobId}`, asking(token))
  assert.deepEqual([status, text, headers['content-length']], [200, 'the whole file', '14'])
  assert.equal(headers['repr-digest'], `sha-256=:${hash('sha256', text, 'base64')}:`)
})

test('the token of a document is good for the jobs of its pages', async () => {
  const { token, job } = await addJob('pages')
  const page = { ...job, blob: token, page: 2, pagesTotal: 3 }
  await queue.add([{ jobId: 'jpn2', job: page, band: bands.page, caller: 'tester' }])
  const { status } = await api.call('GET', '/v1/blobs/jpn2', asking(token))
  assert.equal(status, 200)
})

test('a download of the same version continues; of another one it begins again', async () => {
  const { jobId, token } = await addJob('0123456789')
  const url = `/v1/blobs/${jobId}`
  const { headers } = await api.call('GET', url, asking(token))
  const rest = { range: 'bytes=7-', 'if-range': headers['etag'] ?? '' }
  const part = await api.call('GET', url, asking(token, rest))
  assert.deepEqual([part.status, part.text], [206, '789'])
  assert.equal(part.headers['content-range'], 'bytes 7-9/10')
  for (const more of [
    { ...rest, 'if-range': '"other"' },
    { range: 'bytes=7-' },
    { ...rest, range: 'bytes=10-' },
    { ...rest, range: 'bytes=2-4,6-' },
  ]) {
    const whole = await api.call('GET', url, asking(token, more))
    assert.deepEqual([whole.status, whole.text], [200, '0123456789'])
  }
})

test('a missing, forged or foreign token, and an unknown job, are refused alike', async () => {
  const [one, other] = [await addJob('one'), await addJob('other')]
  const url = `/v1/blobs/${one.jobId}`
  for (const token of [other.token, 'x', `${one.token}x`, '0'.repeat(64)]) {
    await api.refused(401, 'unauthenticated', 'GET', url, asking(token))
  }
  await api.refused(401, 'unauthenticated', 'GET', url)
  await api.refused(401, 'unauthenticated', 'GET', '/v1/blobs/junknown', asking(one.token))
})

test('an expired token is refused as such', async () => {
  const { jobId, job } = await addJob('old')
  await queue.remove([jobId])
  const blob = createBlobTokens(api.data, () => Date.now() - 86_401_000).sign(job)
  await queue.add([{ jobId, job: { ...job, blob }, band: bands.bulk, caller: 'tester' }])
  await api.refused(410, 'expired', 'GET', `/v1/blobs/${jobId}`, asking(blob))
})

test('a file that has changed, vanished or is empty is refused with the code of the file', async () => {
  const [changed, gone, empty] = [await addJob('1'), await addJob('2'), await addJob('')]
  appendFileSync(changed.file, '!')
  rmSync(gone.file)
  for (const [{ jobId, token }, status, code] of [
    [changed, 409, 'unstable'],
    [gone, 404, 'not_found'],
    [empty, 422, 'empty_file'],
  ] as const) {
    await api.refused(status, code, 'GET', `/v1/blobs/${jobId}`, asking(token))
  }
})

test('a worker with rights on Redis gets no other file by changing its job', async () => {
  const { jobId, token, job } = await addJob('mine')
  await queue.remove([jobId])
  const stolen = { ...job, root: '/etc', path: 'hostname', blob: token }
  await queue.add([{ jobId, job: stolen, band: bands.bulk, caller: 'tester' }])
  await api.refused(401, 'unauthenticated', 'GET', `/v1/blobs/${jobId}`, asking(token))
})

test('a file that is replaced while it is sent ends the answer early', async () => {
  const { jobId, token, file } = await addJob(Buffer.alloc(40 * 2 ** 20, 1))
  const address = await api.app.listen({ port: 0 })
  const sent = request(`${address}/v1/blobs/${jobId}`, asking(token))
  sent.end()
  const [response] = await once(sent, 'response')
  let bytes = 0
  const failure = await (async () => {
    for await (const piece of response) {
      if (bytes === 0) {
        writeFileSync(`${file}.new`, 'new')
        renameSync(`${file}.new`, file)
      }
      bytes += piece.length
    }
  })().then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  assert.match(failure?.message ?? 'it ended well', /aborted/)
})

test('an address that tries many tokens is blocked for a while', async (t) => {
  const strict = await startApi(t, { SCRIPTORIUM_MAX_REFUSALS: '3' })
  for (const _ of [1, 2, 3]) {
    await strict.refused(401, 'unauthenticated', 'GET', '/v1/blobs/j1', asking('x'))
  }
  await strict.refused(429, 'rate_limited', 'GET', '/v1/blobs/j1', asking('x'))
})
