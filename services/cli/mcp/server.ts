import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { Type, type Static, type TObject } from '@sinclair/typebox'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { idText, longList, nameText, pathText } from '../../../shared/contract/schema/bounded.ts'
import { version } from '../../../shared/process/version.ts'
import { toError } from '../../../shared/process/errors.ts'
import { failedOutcomes } from '../../../shared/contract/result/outcomes.ts'
import type { ServiceClient } from './service-client.ts'

const described = (description: string) => ({ description })
const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 100, ...described('Default: 10.') }),
)
const id = Type.String({
  minLength: 1,
  maxLength: 100,
  ...described('Document id of a hit or a failure.'),
})
const closed = { additionalProperties: false }

const searchInput = Type.Object(
  {
    q: Type.String({
      minLength: 1,
      maxLength: 1_000,
      ...described('Words, "phrases", prefix*, -excluded.'),
    }),
    fuzzy: Type.Optional(Type.Boolean(described('Also words of which one letter was misread.'))),
    limit,
  },
  closed,
)
const pageInput = Type.Object(
  {
    documentId: id,
    page: Type.Optional(Type.Integer({ minimum: 1, ...described('Default: all pages.') })),
    format: Type.Optional(
      Type.Union(
        [Type.Literal('md'), Type.Literal('txt'), Type.Literal('csv'), Type.Literal('json')],
        {
          description:
            'md (default): Markdown with tables. json: words with boxes and confidences.',
        },
      ),
    ),
  },
  closed,
)
const failuresInput = Type.Object(
  { run: Type.Optional(Type.String({ maxLength: 100, ...described('Only of this run.') })), limit },
  closed,
)
const submitInput = Type.Object(
  {
    file: Type.String({ minLength: 1, ...described('Path of an image or a PDF on this machine.') }),
  },
  closed,
)

const reading = (description: string) => ({ description, isReading: true })

/** A Model Context Protocol server with the tools of one service. Only `submit` changes anything. */
export function createMcpTools(
  client: ServiceClient,
  { maySubmit }: { maySubmit: boolean },
): McpServer {
  const server = new McpServer({ name: 'scriptorium', version })
  const add = <T extends TObject>(
    name: string,
    about: { description: string; isReading: boolean },
    input: T,
    answer: (given: Static<T>) => Promise<string>,
  ): void => {
    const config = {
      description: about.description,
      // The schema is JSON Schema already; symbols of TypeBox are not part of it.
      inputSchema: fromJsonSchema<Static<T>>(JSON.parse(JSON.stringify(input))),
      annotations: { readOnlyHint: about.isReading, openWorldHint: false },
    }
    server.registerTool(name, config, async (given: Static<T>) => {
      try {
        return { content: [{ type: 'text', text: await answer(given) }] }
      } catch (thrown) {
        return { content: [{ type: 'text', text: toError(thrown).message }], isError: true }
      }
    })
  }
  add(
    'search',
    reading('Finds pages by their text, best first: document, page and the text around the match.'),
    searchInput,
    async ({ q, fuzzy, limit: most = 10 }) =>
      withoutWords(await client.text('/v1/search', { q, fuzzy, limit: most })),
  )
  add(
    'read_page',
    reading('The text of a page, or of a whole document.'),
    pageInput,
    ({ documentId, page, format = 'md' }) =>
      client.text(`/v1/documents/${encodeURIComponent(documentId)}/result`, { format, page }),
  )
  add(
    'list_failures',
    reading('Documents that could not be read, with their reasons, the newest first.'),
    failuresInput,
    ({ run, limit: most = 10 }) => listFailures(client, run, most),
  )
  if (maySubmit) {
    const about = {
      description: 'Reads an image or a PDF; returns its document, after at most a minute.',
      isReading: false,
    }
    add('submit', about, submitInput, ({ file }) => client.upload(file))
  }
  return server
}

/** Answers of the service; a newer one may have more in them. */
const parseHits = createParser(
  'hits of a search',
  Type.Object({
    items: longList(Type.Object({}, { additionalProperties: true })),
    nextCursor: Type.Union([nameText, Type.Null()]),
  }),
)
const parseFailures = createParser(
  'a list of documents',
  Type.Object({
    items: longList(
      Type.Object({
        id: idText,
        runId: idText,
        name: pathText,
        outcome: idText,
        error: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()]),
        createdAt: idText,
      }),
    ),
  }),
)

/** The boxes of words take most of an answer, and tell a reader of text nothing. */
function withoutWords(answer: string): string {
  const { items, nextCursor } = parseHits(JSON.parse(answer))
  return JSON.stringify({ items: items.map((hit) => ({ ...hit, words: undefined })), nextCursor })
}

async function listFailures(
  client: ServiceClient,
  run: string | undefined,
  most: number,
): Promise<string> {
  const found: ReturnType<typeof parseFailures>['items'] = []
  for (const outcome of failedOutcomes) {
    const answer = await client.text('/v1/documents', { outcome, run, limit: most })
    found.push(...parseFailures(JSON.parse(answer)).items)
  }
  const newest = found.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1)).slice(0, most)
  return JSON.stringify(
    newest.map(({ id: documentId, runId, name, outcome, error }) => ({
      documentId,
      runId,
      name,
      outcome,
      error,
    })),
  )
}
