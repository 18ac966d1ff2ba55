import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import { ScriptoriumError } from '../../../shared/errors.ts'
import type { Run } from '../../aggregator/ledger/runs.ts'
import { documentOf } from '../../aggregator/outputs/from-ledger.ts'
import { writeJson } from '../../aggregator/outputs/json.ts'
import { idParams, problems } from '../schemas/common.ts'
import { requireRun, type App, type Context } from './context.ts'

const tags = ['runs']
const resultsAtATime = 200

/** Everything that a run has read so far, one document a line, at the speed of the client. */
export function runResultsRoute(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id/results',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'streamRunResults',
        summary: 'Every finished document of a run with its pages, as NDJSON',
        tags,
        params: idParams,
        response: {
          200: {
            description: 'One finished document on each line.',
            content: { 'application/x-ndjson': { schema: Type.String() } },
          },
          ...problems,
        },
      },
    },
    async ({ params }, reply) => {
      const run = await requireRun(context, params.id)
      const lines = Readable.from(finishedDocuments(context, run), { objectMode: false })
      return reply.type('application/x-ndjson').send(lines)
    },
  )
}

function* finishedDocuments({ ledger, stopping }: Context, run: Run): Generator<string> {
  const { listing, pages, runs } = ledger.get()
  const filter = { isFinal: true, run: { id: run.id, source: run.request.source ?? 'folder' } }
  let after: { time: number; id: string } | undefined
  for (;;) {
    const rows = listing.documents(filter, after, resultsAtATime)
    for (const row of rows) {
      // Cut off, it is seen to be incomplete; ended, it would not be.
      if (stopping.aborted) throw new ScriptoriumError('draining', 'the service is stopping')
      const { request } = runs.get(row.run_id) ?? run
      yield* writeJson(documentOf({ pages }, row, request))
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < resultsAtATime) return
    after = { time: last.created_at, id: last.id }
  }
}
