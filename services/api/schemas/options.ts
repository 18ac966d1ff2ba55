import { maxPasswordLength } from '../../../shared/contract/schema/bounded.ts'
import { Type, type Static } from '@sinclair/typebox'
import { formats } from '../../../shared/contract/result/formats.ts'
import { maxGlobLength, maxGlobs } from '../../../shared/glob/globs.ts'
import { maxFailuresPattern } from '../../../shared/contract/max-failures.ts'
import { existsPolicies, metadataSchema } from '../../../shared/contract/messages/run-request.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { recipeSchema } from '../../../shared/contract/recipe.ts'
import { described } from '../../../shared/contract/schema/described.ts'
import { priorityField } from './document.ts'

/** Body limit of a JSON upload, bytes: its file is held in memory. */
export const maxBase64Bytes = 16 * 2 ** 20

const closed = { additionalProperties: false }

/** A PNG of 96 x 40 pixels with the word HILT, so that the example is a valid request. */
const examplePage =
  'iVBORw0KGgoAAAANSUhEUgAAAGAAAAAoAQAAAAAp6MKUAAAALklEQVR42mP4jwQYaMn5AIT8H4AsBnuSOf/k/1ODw8BAOoe6LgBzGPhJ4dAnfgBjdJd0TTyYmQAAAABJRU5ErkJggg=='

const flag = (description: string) => Type.Optional(described(Type.Boolean(), description))

/** The recipe of a request: omitted fields have their defaults. */
export const recipeOptionsSchema = Type.Partial(recipeSchema, {
  ...closed,
  title: 'RecipeOptions',
  description: 'OCR options. Missing options have their defaults.',
})

const labelOptions = {
  tag: Type.Optional(
    described(
      Type.String({ minLength: 1, maxLength: 200 }),
      'Tag of the documents: lists and webhooks filter by it.',
      'invoices',
    ),
  ),
  metadata: Type.Optional(metadataSchema),
}

const reading = {
  priority: Type.Optional(priorityField),
  attempts: Type.Optional(
    described(
      Type.Integer({ minimum: 1, maximum: 20 }),
      'Maximum attempts at a page, crashes included. Default: 3.',
      3,
    ),
  ),
  timeoutMs: Type.Optional(
    described(
      Type.Integer({ minimum: 0, maximum: 3_600_000 }),
      'Timeout of one attempt, milliseconds; 0 derives it from the page size. Default: 0.',
      0,
    ),
  ),
  pdfPassword: Type.Optional(
    described(
      Type.String({ minLength: 1, maxLength: maxPasswordLength }),
      'Password of encrypted PDFs. It is kept until the run ends, one day at most, and never shown.',
      'correct horse battery staple',
    ),
  ),
}

/** Options of an upload. */
export const uploadOptionsSchema = Type.Object(
  {
    recipe: Type.Optional(recipeOptionsSchema),
    ...reading,
    ...labelOptions,
    force: flag('Reads the files again even if they were read before. Default: false.'),
  },
  { ...closed, title: 'UploadOptions', description: 'Options of an upload.' },
)
export type UploadOptions = Static<typeof uploadOptionsSchema>

const rootName = described(
  Type.String({ minLength: 1, maxLength: 100 }),
  'Name of an allow-listed root (SCRIPTORIUM_ROOTS).',
  'in',
)

const sourceSchema = Type.Union(
  [
    Type.Object(
      {
        type: described(Type.Literal('path'), 'File below an allow-listed root.'),
        root: rootName,
        path: described(
          Type.String({ minLength: 1, maxLength: 4_096 }),
          'Path of the file relative to the root.',
          '2024/invoice.pdf',
        ),
      },
      { ...closed, title: 'PathSource', description: 'File that the server can read itself.' },
    ),
    Type.Object(
      {
        type: described(Type.Literal('base64'), 'File in this request.'),
        data: described(
          Type.String({ minLength: 1, maxLength: maxBase64Bytes }),
          'File content, base64 (RFC 4648) with padding and without line breaks.',
          examplePage,
        ),
        name: Type.Optional(described(Type.String({ maxLength: 1_000 }), 'File name.', 'page.png')),
      },
      { ...closed, title: 'Base64Source', description: 'File inside the JSON body.' },
    ),
    Type.Object(
      {
        type: described(Type.Literal('url'), 'File on the web.'),
        url: described(
          Type.String({ maxLength: 4_096 }),
          'Address, http or https. Requires SCRIPTORIUM_URL_SOURCES=on.',
          'https://example.org/invoice.pdf',
        ),
      },
      { ...closed, title: 'UrlSource', description: 'File that the server downloads.' },
    ),
  ],
  { title: 'Source', description: 'Origin of the file.' },
)
export type UploadSource = Static<typeof sourceSchema>

/** The JSON body of an upload. */
export const uploadBodySchema = Type.Object(
  { source: sourceSchema, options: Type.Optional(uploadOptionsSchema) },
  {
    ...closed,
    title: 'UploadRequest',
    description: 'One file and its options.',
    'x-examples': {
      base64: {
        summary: 'A file in the request',
        value: {
          source: { type: 'base64', data: examplePage, name: 'page.png' },
          options: { recipe: { languages: ['eng'] } },
        },
      },
      path: {
        summary: 'A file below an allow-listed root',
        value: { source: { type: 'path', root: 'in', path: 'invoice.pdf' } },
      },
      url: {
        summary: 'A file on the web',
        value: { source: { type: 'url', url: 'https://example.org/invoice.pdf' } },
      },
    },
  },
)

const globList = (description: string, example: string) =>
  Type.Optional(
    described(
      Type.Array(Type.String({ minLength: 1, maxLength: maxGlobLength }), { maxItems: maxGlobs }),
      description,
      [example],
    ),
  )

/** The request of a folder run. */
export const runBodySchema = Type.Object(
  {
    root: rootName,
    /** Below the root: never one of the host's own. */
    path: Type.Optional(
      described(
        Type.String({ maxLength: 4_096 }),
        'Path of the folder or file relative to the root. Default: the whole root.',
        '2024',
      ),
    ),
    include: globList('Glob patterns: only matching paths are read. Default: all.', '**/*.tif'),
    exclude: globList('Glob patterns: matching paths are skipped. Default: none.', 'drafts/**'),
    includeHidden: flag('Reads hidden files and folders too. Default: false.'),
    recipe: Type.Optional(recipeOptionsSchema),
    ...reading,
    ...labelOptions,
    formats: Type.Optional(
      described(
        Type.Array(oneOf(formats), { minItems: 1, maxItems: formats.length }),
        'Output formats. Default: `["txt", "json"]`.',
        ['txt', 'json'],
      ),
    ),
    combined: flag(
      'Also writes combined files: `results.ndjson`, and `results.txt` and `results.pdf` with these formats. Default: false.',
    ),
    onExists: Type.Optional(
      described(
        oneOf(existsPolicies),
        'Output files of the same name that Scriptorium did not write. `fail`: the document fails. `replace`: they are replaced. `skip`: the document is skipped. Default: `fail`.',
      ),
    ),
    force: flag('Reads the files again even if they were read before. Default: false.'),
    retryFailed: flag('Reads documents again that failed in an earlier run. Default: false.'),
    retryWarned: flag(
      'Reads pages again whose documents have the warning `reading_given_up`. Their text stays unless it gets better. Default: false.',
    ),
    maxFailures: Type.Optional(
      described(
        Type.String({ pattern: maxFailuresPattern, maxLength: 20 }),
        'Failures of the service, not of the documents, after which the run pauses: `N` in a row, `P%` of the first 200 attempts, or `N,P%`; `0` never pauses. Default: `50,50%`.',
        '50,50%',
      ),
    ),
    canary: Type.Optional(
      described(
        Type.Integer({ minimum: 0, maximum: 10_000 }),
        'Number of sample files, spread over the folder, to read first; the run pauses if they fail. Default: 0.',
        20,
      ),
    ),
    pauseAfterCanary: flag(
      'Pauses the run once the files of `canary` are read, so that a person can look at them; `POST /v1/runs/{id}/resume` reads the others. Default: false.',
    ),
    checksum: flag('Compares files by SHA-256 instead of size and time. Default: false.'),
  },
  {
    ...closed,
    title: 'RunRequest',
    description: 'Folder and options.',
    examples: [{ root: 'in', formats: ['txt', 'json'], recipe: { languages: ['eng'] } }],
  },
)
export type RunBody = Static<typeof runBodySchema>
