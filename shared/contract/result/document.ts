import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { engineSchema } from '../engine.ts'
import { recipeSchema } from '../recipe.ts'
import { oneOf } from '../../process/one-of.ts'
import { idText, longList, nameText, pathText } from '../schema/bounded.ts'
import { countOf, described, documentIdText, sha256Text, timeOf } from '../schema/described.ts'
import { outcomes } from './outcomes.ts'
import { failedPageSchema, pageSchema, timingsSchema } from './page.ts'
import { documentErrorSchema } from './error.ts'

const closed = { additionalProperties: false }
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** One finished document: the whole of an `OUT/<path>.json` file and of a line of `results.ndjson`. */
export const documentSchema = Type.Object(
  {
    id: documentIdText,
    path: described(
      pathText,
      'Path relative to the root of the run, `/` between folders; for an upload its name.',
      '2024/invoice.pdf',
    ),
    bytes: countOf('File size, bytes.', 184_320),
    sha256: described(orNull(sha256Text), 'SHA-256 of the file, null if it was not hashed.'),
    mediaType: described(
      orNull(nameText),
      'Media type detected from the content, null if unknown.',
      'application/pdf',
    ),
    outcome: described(oneOf(outcomes), 'Outcome of the document.'),
    duplicateOf: described(
      orNull(documentIdText),
      'Id of the document with the same content that was read instead, or null.',
    ),
    error: described(orNull(documentErrorSchema), 'Reason for a failure, or null.'),
    confidence: described(
      orNull(Type.Number()),
      'Mean page confidence, weighted by words: blank pages do not count. Percent, 0 to 100; null without words.',
      94.5,
    ),
    pages: described(
      longList(pageSchema),
      'Pages that were read, in document order. A page keeps its number in the document if only some pages were requested.',
    ),
    failedPages: described(longList(failedPageSchema), 'Pages that could not be read.'),
    recipe: recipeSchema,
    fingerprint: described(
      idText,
      'Hash of recipe, engine and preparation version, 16 hex digits: equal fingerprints give equal text.',
      '0f1e2d3c4b5a6978',
    ),
    engine: described(orNull(engineSchema), 'Engine that read the document, null if none did.'),
    timings: timingsSchema,
    worker: described(
      orNull(nameText),
      'Id of the worker that read the last page, null if none did.',
      'ocr-host-4711',
    ),
    finishedAt: timeOf('End of processing.'),
  },
  { ...closed, title: 'Result', description: 'Finished document with its pages.' },
)
export type ScriptoriumDocument = Static<typeof documentSchema>
