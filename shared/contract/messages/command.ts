import { type Static, Type } from '@sinclair/typebox'
import { folderRequestSchema, uploadRequestSchema } from './run-request.ts'
import { boundedList, idText, longList, nameText, pageText, pathText } from '../schema/bounded.ts'
import { webhookSchema } from '../webhook.ts'

const closed = { additionalProperties: false }

/** An accepted API request: its files are safe in the spool. */
export const acceptanceSchema = Type.Object(
  {
    v: Type.Literal(1),
    kind: Type.Literal('accepted'),
    request: uploadRequestSchema,
    fingerprint: idText,
    acceptedAt: idText,
    documents: boundedList(
      Type.Object(
        {
          documentId: idText,
          jobId: idText,
          pass: Type.Integer({ minimum: 1 }),
          /** The client's name for the file. */
          name: pathText,
          sha256: idText,
          bytes: Type.Integer(),
          mediaType: nameText,
        },
        closed,
      ),
      10_000,
    ),
  },
  closed,
)
export type Acceptance = Static<typeof acceptanceSchema>

const aboutRun = { runId: idText }
const aboutDocument = { documentId: idText }
const aboutWebhook = { webhookId: idText }
export const commandSchema = Type.Union([
  Type.Object({ kind: Type.Literal('start'), request: folderRequestSchema }, closed),
  Type.Object({ kind: Type.Literal('interrupt'), ...aboutRun }, closed),
  Type.Object({ kind: Type.Literal('cancelRun'), ...aboutRun }, closed),
  Type.Object({ kind: Type.Literal('resumeRun'), ...aboutRun }, closed),
  /** With `code`, only the documents that failed with this error code. */
  Type.Object({ kind: Type.Literal('retryRun'), ...aboutRun, code: Type.Optional(idText) }, closed),
  Type.Object({ kind: Type.Literal('retryWarned'), ...aboutRun }, closed),
  Type.Object({ kind: Type.Literal('cancelDocument'), ...aboutDocument }, closed),
  Type.Object({ kind: Type.Literal('retryDocument'), ...aboutDocument }, closed),
  Type.Object({ kind: Type.Literal('deleteDocument'), ...aboutDocument }, closed),
  Type.Object(
    {
      kind: Type.Literal('correctPage'),
      id: idText,
      ...aboutDocument,
      page: Type.Integer({ minimum: 1 }),
      /** The revision that the author saw. */
      revision: Type.Integer({ minimum: 0 }),
      author: nameText,
      /** ISO 8601. */
      at: idText,
      lines: longList(pageText),
      accepted: longList(Type.Integer({ minimum: 1 })),
    },
    closed,
  ),
  /** Ended documents whose output files or pages differ from the ledger. */
  Type.Object(
    {
      kind: Type.Literal('repair'),
      rewrite: longList(idText),
      reread: longList(idText),
      /** Whether to remove records that belong to no document. */
      tidy: Type.Boolean(),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('addWebhook'), webhook: webhookSchema }, closed),
  Type.Object({ kind: Type.Literal('removeWebhook'), ...aboutWebhook }, closed),
  Type.Object({ kind: Type.Literal('redeliver'), ...aboutWebhook, deliveryId: idText }, closed),
])
export type Command = Static<typeof commandSchema>
