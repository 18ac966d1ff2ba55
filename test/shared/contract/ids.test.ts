import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  folderDocumentId,
  jobIdOf,
  newRunId,
  uploadDocumentId,
} from '../../../shared/contract/ids.ts'
import { documentJobId, pageJobId } from '../../../shared/redis/queue.ts'

test('ids are letters and digits, and start with a letter for their kind', () => {
  assert.match(folderDocumentId('/out', '/scans', 'a:1.png'), /^d[0-9a-f]{26}$/)
  assert.match(uploadDocumentId('5'.repeat(64), 'fp'), /^d[0-9a-f]{26}$/)
  assert.match(jobIdOf('d1', '3-1-1', 'fp', 1), /^j[0-9a-f]{26}$/)
  assert.match(newRunId(), /^r[0-9a-f]{32}$/)
})

test('the id of an upload depends on its bytes and recipe, not on the time', () => {
  assert.equal(uploadDocumentId('a', 'fp'), uploadDocumentId('a', 'fp'))
  const ids = [uploadDocumentId('a', 'fp'), uploadDocumentId('b', 'fp'), uploadDocumentId('a', 'f')]
  assert.equal(new Set(ids).size, 3)
})

test('a job id names one pass over one version of a document with one recipe', () => {
  assert.equal(jobIdOf('d1', '3-1-1', 'fp', 1), jobIdOf('d1', '3-1-1', 'fp', 1))
  const ids = [
    jobIdOf('d1', '3-1-1', 'fp', 1),
    jobIdOf('d2', '3-1-1', 'fp', 1),
    jobIdOf('d1', '3-1-2', 'fp', 1),
    jobIdOf('d1', '3-1-1', 'other', 1),
    jobIdOf('d1', '3-1-1', 'fp', 2),
  ]
  assert.equal(new Set(ids).size, ids.length)
})

test('text moved from one part to another changes the id', () => {
  assert.notEqual(folderDocumentId('/a', '/b', 'c'), folderDocumentId('/a/b', '/', 'c'))
  assert.notEqual(folderDocumentId('ab', 'c', 'd'), folderDocumentId('a', 'bc', 'd'))
})

test('two runs have different ids', () => {
  assert.notEqual(newRunId(), newRunId())
})

test("a page's job id contains its document's job id", () => {
  const jobId = jobIdOf('d1', '', 'fp', 1)
  assert.equal(documentJobId(pageJobId(jobId, 12)), jobId)
  assert.equal(documentJobId(jobId), jobId)
})
