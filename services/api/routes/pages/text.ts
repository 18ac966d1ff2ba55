import { randomUUID } from 'node:crypto'
import { Type, type Static } from '@sinclair/typebox'
import { boundedList, pageText } from '../../../../shared/contract/schema/bounded.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import { correctionSchema, type PageResult } from '../../../../shared/contract/result/page.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { pageLines } from '../../../ledger/transitions/corrections/correct-page.ts'
import { callerOf } from '../../http/auth.ts'
import { answerOf, pageParams } from '../../schemas/common.ts'
import { orNull } from '../../schemas/document.ts'
import { commandProblems, type ProblemCode } from '../../schemas/problem-codes.ts'
import type { App, Context } from '../context.ts'
import { pageProblems, requirePage } from './find.ts'

const closed = { additionalProperties: false }
/** A page of a newspaper has a few thousand lines. */
const maxLines = 50_000
const maxBodyBytes = 4 * 2 ** 20

const revisionField = described(
  Type.Integer({ minimum: 0 }),
  'Revision of the page: 0 until it is corrected.',
  0,
)
const linesField = (description: string) =>
  described(boundedList(pageText, maxLines), description, ['Invoice 2026-117', 'Total 1 200'])

const textSchema = Type.Object(
  {
    revision: revisionField,
    lines: linesField('Text of each line, in reading order.'),
    correction: described(orNull(correctionSchema), 'The correction that this text is, or null.'),
  },
  { ...closed, title: 'PageText', description: 'Text of a page by lines.' },
)

const bodySchema = Type.Object(
  {
    revision: described(
      revisionField,
      'The revision that the text was made from: if the page has another one by now, nothing is changed.',
      0,
    ),
    lines: linesField(
      'The corrected text of each line, as many as the page has; an empty one removes the line. Words are separated by spaces.',
    ),
    accepted: Type.Optional(
      described(
        boundedList(Type.Integer({ minimum: 1 }), 1_000_000),
        'Words that were checked and stay as they are, counted from 1 over the page.',
        [3, 17],
      ),
    ),
  },
  {
    ...closed,
    title: 'PageCorrection',
    description: 'Corrected text of a page.',
    examples: [{ revision: 0, lines: ['Invoice 2026-117', 'Total 1 200'] }],
  },
)
type Body = Static<typeof bodySchema>

const problems = [
  ...pageProblems,
  'invalid_request',
  'revision_conflict',
  ...commandProblems,
] as const satisfies ProblemCode[]

/** `GET` and `PUT /v1/documents/{id}/pages/{page}/text`. */
export function pageTextRoutes(app: App, context: Context): void {
  const viewOf = (id: string, page: PageResult): Static<typeof textSchema> => ({
    revision: context.ledger.get().revisions.latest(id, page.page),
    lines: pageLines(page).map(({ text }) => text.trim()),
    correction: page.correction ?? null,
  })

  app.get(
    '/v1/documents/:id/pages/:page/text',
    {
      config: { scope: 'read', problems: pageProblems },
      schema: {
        operationId: 'getPageText',
        summary: 'Get the lines of a page',
        description: 'Text and revision of a page, to correct it.',
        tags: ['Documents'],
        params: pageParams,
        response: { 200: answerOf('The text of the page.', textSchema) },
      },
    },
    async ({ params: { id, page } }) => viewOf(id, (await requirePage(context, id, page)).page),
  )

  app.put(
    '/v1/documents/:id/pages/:page/text',
    {
      config: { scope: 'submit', problems },
      bodyLimit: maxBodyBytes,
      schema: {
        operationId: 'correctPage',
        summary: 'Correct a page',
        description:
          'Records the text as a new revision of the page. It is in every format, in the output files of a folder run and in the search. ' +
          'Words that stay the same keep their boxes; corrected ones get the place of those that they replace, and confidence 100. ' +
          'The page leaves the list of `/v1/review`. The answer comes once the ledger has recorded it durably.',
        tags: ['Documents'],
        params: pageParams,
        body: bodySchema,
        response: { 200: answerOf('The corrected text.', textSchema) },
      },
    },
    async (request) => {
      const { id, page: number } = request.params
      const { page } = await requirePage(context, id, number)
      const caller = callerOf(request)
      await context.ownership.requireDocument(caller, id, 'any')
      requireCurrent(context, id, page, request.body)
      const { revision, lines, accepted = [] } = request.body
      const command = randomUUID()
      const author = caller.name
      const at = new Date().toISOString()
      const isRecorded = (): boolean =>
        context.ledger.get().revisions.ofCommand(command) !== undefined
      await context.command(
        {
          kind: 'correctPage',
          id: command,
          documentId: id,
          page: number,
          revision,
          author,
          at,
          lines,
          accepted,
        },
        { hasEffect: isRecorded },
      )
      const { page: now } = await requirePage(context, id, number)
      if (!isRecorded()) throw conflict(context, id, now)
      return viewOf(id, now)
    },
  )
}

/** Throws `revision_conflict`, or `invalid_request` for another number of lines. */
function requireCurrent(context: Context, id: string, page: PageResult, body: Body): void {
  const { revision, lines } = body
  if (context.ledger.get().revisions.latest(id, page.page) !== revision)
    throw conflict(context, id, page)
  const count = pageLines(page).length
  if (lines.length === count) return
  const message = `lines must have ${count} entries, as many as the page has lines; an empty one removes its line`
  throw new ScriptoriumError('invalid_request', message)
}

function conflict({ ledger }: Context, id: string, page: PageResult): ScriptoriumError {
  const revision = ledger.get().revisions.latest(id, page.page)
  const by = page.correction === undefined ? '' : `, corrected by ${page.correction.author}`
  return new ScriptoriumError(
    'revision_conflict',
    `the page has revision ${revision} by now${by}; load it again, then correct it`,
  )
}
