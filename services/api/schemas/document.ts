import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { documentSchema } from '../../../shared/contract/result/document.ts'
import { documentErrorSchema } from '../../../shared/contract/result/error.ts'
import { warningCodes } from '../../../shared/contract/result/page.ts'
import { outcomes } from '../../../shared/contract/result/outcomes.ts'
import { metadataSchema, priorityNames } from '../../../shared/contract/messages/run-request.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { recipeSchema } from '../../../shared/contract/recipe.ts'
import {
  boundedList,
  idText,
  messageText,
  nameText,
  pathText,
  tagText,
} from '../../../shared/contract/schema/bounded.ts'
import {
  described,
  documentIdText,
  exampleDocumentId,
  exampleRunId,
  runIdText,
  sha256Text,
  timeOf,
} from '../../../shared/contract/schema/described.ts'

const closed = { additionalProperties: false }
export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** `queued` until a worker has a page of it, `finished` once it has an outcome. */
export const documentStatuses = ['queued', 'reading', 'finished'] as const

export const tagField = described(
  orNull(tagText),
  'Tag given by the client, null if there is none.',
  'invoices',
)
export const priorityField = described(
  oneOf(priorityNames),
  'Priority. `interactive` work goes ahead of `bulk` work.',
)
export const timeOrNull = (description: string) =>
  described(orNull(idText), `${description} ISO 8601, UTC.`, '2026-03-01T09:30:05.000Z')
/** The path of another route. */
export const linkTo = (description: string, example: string) =>
  described(pathText, description, example)

const self = `/v1/documents/${exampleDocumentId}`
const run = `/v1/runs/${exampleRunId}`

/** A document as the API shows it. Times are ISO 8601, UTC. */
export const documentViewSchema = Type.Object(
  {
    id: documentIdText,
    status: described(
      oneOf(documentStatuses),
      '`queued`: waits for a worker. `reading`: a worker has a page of it. `finished`: has an outcome.',
    ),
    outcome: described(orNull(oneOf(outcomes)), 'Outcome, null until the document is finished.'),
    error: described(orNull(documentErrorSchema), 'Reason for a failure, or null.'),
    blocked: described(
      orNull(documentErrorSchema),
      'Reason why no running worker can read it, null if one can.',
    ),
    name: described(
      pathText,
      'File name given by the client, or the path below the folder of the run.',
      'invoice.pdf',
    ),
    runId: runIdText,
    tag: tagField,
    metadata: metadataSchema,
    priority: priorityField,
    bytes: described(Type.Integer({ minimum: 0 }), 'File size, bytes.', 184_320),
    sha256: described(orNull(sha256Text), 'SHA-256 of the file, null until it is known.'),
    mediaType: described(
      orNull(nameText),
      'Media type detected from the content, null until it is known.',
      'application/pdf',
    ),
    recipe: recipeSchema,
    progress: Type.Object(
      {
        pagesDone: described(Type.Integer({ minimum: 0 }), 'Pages finished.', 2),
        pagesTotal: described(
          orNull(Type.Integer({ minimum: 0 })),
          'Pages in all, null until the document is opened.',
          3,
        ),
      },
      { ...closed, title: 'PageProgress', description: 'Pages finished and in all.' },
    ),
    position: described(
      orNull(Type.Integer({ minimum: 0 })),
      'Jobs ahead of it in the queue, null unless it is queued.',
      4,
    ),
    etaSeconds: described(
      orNull(Type.Number({ minimum: 0 })),
      'Estimated time until it is finished, seconds; null if unknown.',
      12.5,
    ),
    attempts: described(Type.Integer({ minimum: 0 }), 'Attempts at its pages so far.', 3),
    confidence: described(
      orNull(Type.Number({ minimum: 0, maximum: 100 })),
      'Mean page confidence, weighted by words: blank pages do not count. Percent; null without words.',
      94.5,
    ),
    warnings: described(
      boundedList(oneOf(warningCodes), warningCodes.length),
      'Warnings of its pages, each code once: the result has the pages and the explanations. Empty until it is finished.',
      ['text_missed'],
    ),
    duplicateOf: described(
      orNull(documentIdText),
      'Id of the document with the same content that was read instead, or null.',
    ),
    createdAt: timeOf('Time of acceptance.'),
    finishedAt: timeOrNull('End of processing; null until then.'),
    expiresAt: timeOrNull('Time at which input and result are deleted; null if they are kept.'),
    links: Type.Object(
      {
        self: linkTo('The document.', self),
        result: linkTo('Its result.', `${self}/result`),
        events: linkTo('Its event stream.', `${self}/events`),
        run: linkTo('Its run.', run),
      },
      { ...closed, title: 'DocumentLinks', description: 'Paths of related routes.' },
    ),
    result: Type.Optional(described(documentSchema, 'The result, with `wait` only.')),
  },
  { ...closed, $id: 'Document', description: 'Document: one file and the state of its reading.' },
)
export type DocumentView = Static<typeof documentViewSchema>

/** A rejected file of an upload whose other files were accepted. */
const rejectedSchema = Type.Object(
  {
    name: described(pathText, 'File name given by the client.', 'notes.docx'),
    code: described(idText, 'Stable error code.', 'unsupported_type'),
    detail: described(messageText, 'Explanation for people.', 'is not an image or a PDF'),
    retryable: described(Type.Boolean(), 'Whether the same file may be accepted later.'),
  },
  { ...closed, title: 'RejectedFile', description: 'File of an upload that was not accepted.' },
)

/** The answer to an upload of several files. */
export const uploadViewSchema = Type.Object(
  {
    runId: runIdText,
    documents: described(
      boundedList(Type.Unsafe<DocumentView>({ $ref: 'Document#' }), 10_000),
      'Accepted documents, in the order of the files.',
    ),
    rejected: described(boundedList(rejectedSchema, 10_000), 'Files that were not accepted.'),
    links: Type.Object(
      {
        run: linkTo('The run of the upload.', run),
        events: linkTo('Its event stream.', `${run}/events`),
      },
      { ...closed, title: 'UploadLinks', description: 'Paths of related routes.' },
    ),
  },
  { ...closed, $id: 'Upload', description: 'Upload of several files.' },
)
export type UploadView = Static<typeof uploadViewSchema>
