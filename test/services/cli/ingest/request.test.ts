import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRequest } from '../../../../services/cli/ingest/request.ts'
import { ingestOptions } from '../../../helpers/ingest-options.ts'
import { makeRequest } from '../../../helpers/ledger/records.ts'

test('a command without flags makes a request that older aggregators accept', () => {
  const options = ingestOptions(['scans', '--out', 'out'], {})
  const request = buildRequest(options, { root: '/scans', paths: [''], folders: [] }, '/out')
  // Older aggregators refuse any other key, and would drop the command.
  assert.deepEqual(Object.keys(request).toSorted(), Object.keys(makeRequest()).toSorted())
})

test('a request says that given-up readings are read again only where it is asked for', () => {
  const options = ingestOptions(['scans', '--out', 'out', '--retry-warned'], {})
  const request = buildRequest(options, { root: '/scans', paths: [''], folders: [] }, '/out')
  assert.equal(request.retryWarned, true)
})
