import { Type } from '@sinclair/typebox'
import { runStates } from '../../../../shared/contract/messages/progress.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import { createEventTurns } from '../../../../shared/process/event-turns.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { exampleCursors, listOf, pageQuery, refTo, tagFilter } from '../../schemas/common.ts'
import { runViewSchema, type RunView } from '../../schemas/run.ts'
import { toPage, fromIsoCursor } from '../../views/cursor.ts'
import type { App, Context } from '../context.ts'

const defaultLimit = 50

/** `GET /v1/runs`. */
export function listRunsRoute(app: App, { ledger, runs }: Context): void {
  app.get(
    '/v1/runs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRuns',
        summary: 'List runs',
        description: 'Newest first.',
        tags: ['Runs'],
        querystring: Type.Object({
          state: Type.Optional(described(oneOf(runStates), 'Only runs in this state.', 'active')),
          source: Type.Optional(
            described(oneOf(['folder', 'upload']), 'Only runs of this origin.', 'folder'),
          ),
          tag: tagFilter,
          ...pageQuery(defaultLimit, exampleCursors.isoTime),
        }),
        response: { 200: listOf(refTo(runViewSchema), 'One page of runs.') },
      },
    },
    async ({ query: { limit = defaultLimit, cursor, ...filter } }) => {
      const found = ledger.get().listing.runs(filter, fromIsoCursor(cursor), limit + 1)
      const { entries, nextCursor } = toPage(found, limit, ({ startedAt: time, id }) => ({
        time,
        id,
      }))
      const items: RunView[] = []
      const turns = createEventTurns()
      for (const run of entries) {
        items.push(await runs.show(run))
        await turns.give()
      }
      return { items, nextCursor }
    },
  )
}
