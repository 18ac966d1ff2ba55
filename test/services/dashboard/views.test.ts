import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Static } from '@sinclair/typebox'
import type { heartbeatSchema } from '../../../shared/redis/heartbeats.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import type { RunView } from '../../../services/api/schemas/run.ts'
import type { hitSchema } from '../../../services/api/search/work.ts'
import type * as views from '../../../services/dashboard/live/views.ts'

/** The compiler checks these: an answer of the API has all that the dashboard shows of it. */
const shown = {
  document: (view: DocumentView): views.DocumentRow => view,
  run: (view: RunView): views.RunRow => view,
  worker: (view: Static<typeof heartbeatSchema>): views.WorkerRow => view,
  hit: (view: Static<typeof hitSchema>): views.Hit => view,
}

test('the types of the dashboard are those of the API', () => {
  assert.equal(Object.keys(shown).length, 4)
})
