import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import { pageText } from '../../../../shared/contract/schema/bounded.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import type { Hand } from '../../../../shared/hands/hand.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { createEventTurns } from '../../../../shared/process/event-turns.ts'
import { scrub } from '../../../../shared/process/host-paths.ts'
import type { Document } from '../../../ledger/document.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import type { Run } from '../../../ledger/runs.ts'
import { assembleDocument } from '../../../outputs/assemble.ts'
import type { OutputDocument } from '../../../outputs/format.ts'
import { documentOf } from '../../../outputs/from-ledger.ts'
import { writeJson } from '../../../outputs/plain/json.ts'
import { items } from '../../in-hand.ts'
import { runParams } from '../../schemas/common.ts'
import { shownDocument } from '../../views/shown.ts'
import { requireRun, type App, type Context } from '../context.ts'

const tags = ['Runs']
const resultsAtATime = 200

/** Everything that a run has read so far, one document a line, at the speed of the client. */
export function runResultsRoute(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id/results',
    {
      config: { scope: 'read', problems: ['unknown_run', 'aggregator_missing'] },
      schema: {
        operationId: 'streamRunResults',
        summary: "Stream a run's results",
        description:
          'Every finished document with its pages, one JSON object per line (NDJSON), in the form of `Result`.',
        tags,
        params: runParams,
        response: {
          200: {
            description: 'One finished document per line.',
            content: {
              'application/x-ndjson': {
                schema: described(Type.Unsafe<Readable>(pageText), 'Lines of JSON.'),
              },
            },
          },
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

async function* finishedDocuments(
  { ledger, stopping, hands }: Context,
  run: Run,
): AsyncGenerator<string> {
  const turns = createEventTurns()
  const { listing, pages, runs } = ledger.get()
  const filter = { isFinal: true, run: { id: run.id, source: run.request.source ?? 'folder' } }
  let after: { time: number; id: string } | undefined
  for (;;) {
    const { documents, next } = listing.documents(filter, after, resultsAtATime)
    for (const row of documents) {
      // A broken connection shows that it is incomplete; an orderly end would hide it.
      if (stopping.aborted)
        throw new ScriptoriumError('draining', 'the server is shutting down; retry later')
      const { request } = runs.get(row.runId) ?? run
      const lines = linesOf(
        hands.take(),
        row,
        () => readableDocument({ pages }, row, request),
        request,
      )
      for await (const piece of lines) {
        yield piece
        await turns.give()
      }
    }
    if (next === undefined) return
    after = next
    await turns.take()
  }
}

/** The pieces of a document's line; one that killed the API has the reason in place of its pages. */
async function* linesOf(
  hand: Hand,
  row: Document,
  read: () => Promise<OutputDocument>,
  request: Run['request'],
): AsyncGenerator<string> {
  const item = items.list(row)
  try {
    await hand.next(item)
    for (const piece of writeJson(await read())) {
      hand.rest() // Waiting for a slow client is no work.
      yield piece
      await hand.next(item)
    }
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError) || thrown.code !== 'poison') throw thrown
    const error = { code: thrown.code, message: thrown.message }
    yield* writeJson({ ...shownDocument(assembleDocument(row, [], request.recipe)), error })
  } finally {
    hand.done()
  }
}

/** One whose pages this version does not understand has the reason in their place, and hides no other. */
async function readableDocument(
  { pages }: Pick<Ledger, 'pages'>,
  row: Document,
  request: Run['request'],
): Promise<OutputDocument> {
  try {
    return shownDocument(await documentOf({ pages }, row, request))
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError)) throw thrown
    const error = { code: thrown.code, message: scrub(thrown.message) }
    return { ...assembleDocument(row, [], request.recipe), error }
  }
}
