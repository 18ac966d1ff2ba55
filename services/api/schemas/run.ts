import { Type, type Static } from '@sinclair/typebox'
import { documentErrorSchema } from '../../../shared/contract/result/error.ts'
import { estimateSchema, runStates } from '../../../shared/contract/messages/progress.ts'
import { metadataSchema } from '../../../shared/contract/messages/run-request.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { pauseSchema } from '../../../shared/contract/pause.ts'
import { recipeSchema } from '../../../shared/contract/recipe.ts'
import { linkTo, orNull, priorityField, tagField, timeOrNull } from './document.ts'
import { boundedRecord, pathText } from '../../../shared/contract/schema/bounded.ts'
import {
  described,
  exampleRunId,
  runIdText,
  timeOf,
} from '../../../shared/contract/schema/described.ts'

const closed = { additionalProperties: false }
const self = `/v1/runs/${exampleRunId}`

/** A run in the API: of a folder, or of one upload. */
export const runViewSchema = Type.Object(
  {
    id: runIdText,
    source: described(oneOf(['folder', 'upload']), 'Origin of its documents.'),
    state: described(
      oneOf(runStates),
      'State. `paused` runs can be resumed; `refused` runs never started.',
    ),
    error: described(orNull(documentErrorSchema), 'Reason why it ended or paused, or null.'),
    blocked: described(
      orNull(documentErrorSchema),
      'Reason why no running worker can read its documents, null if one can.',
    ),
    root: described(
      orNull(pathText),
      'Allow-listed root of the folder, null if the folder is outside every root.',
      'in',
    ),
    path: described(orNull(pathText), 'Path of the folder below its root, or null.', '2024'),
    tag: tagField,
    metadata: metadataSchema,
    priority: priorityField,
    recipe: recipeSchema,
    counts: described(
      boundedRecord(Type.Integer({ minimum: 0 }), 100, 100),
      'Documents by outcome. `open` counts documents without one.',
      { succeeded: 118, open: 2 },
    ),
    isPlanned: described(Type.Boolean(), 'False while the folder is still being scanned.'),
    pagesRead: described(orNull(Type.Integer({ minimum: 0 })), 'Pages read, null if unknown.', 240),
    pagesPerSecond: described(
      orNull(Type.Number({ minimum: 0 })),
      'Throughput, pages per second; null if unknown.',
      7.5,
    ),
    etaSeconds: described(
      orNull(Type.Number({ minimum: 0 })),
      'Estimated time until it is finished, seconds; null if unknown.',
      64,
    ),
    estimate: described(
      orNull(estimateSchema),
      'Expected time and disk space of the whole run, null until there are measurements.',
    ),
    pause: described(
      orNull(pauseSchema),
      'Reason for a pause and its cure, or null. `POST /v1/runs/{id}/resume` resumes the run.',
    ),
    startedAt: timeOf('Start of the run.'),
    finishedAt: timeOrNull('End of the run; null until then.'),
    links: Type.Object(
      {
        self: linkTo('The run.', self),
        documents: linkTo('Its documents.', `${self}/documents`),
        results: linkTo('Its results.', `${self}/results`),
        report: linkTo('Its report.', `${self}/report`),
        events: linkTo('Its event stream.', `${self}/events`),
      },
      { ...closed, title: 'RunLinks', description: 'Paths of related routes.' },
    ),
  },
  { ...closed, $id: 'Run', description: 'Run: the documents of a folder or of one upload.' },
)
export type RunView = Static<typeof runViewSchema>
