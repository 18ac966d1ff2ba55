import { Type, type Static } from '@sinclair/typebox'
import { documentErrorSchema } from '../../../shared/contract.ts'
import { priorityNames, runStates } from '../../../shared/messages.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { recipeSchema } from '../../../shared/recipe.ts'
import { orNull } from './document.ts'

const closed = { additionalProperties: false }

/** A run as the API shows it: a folder, or what one upload brought. */
export const runViewSchema = Type.Object(
  {
    id: Type.String(),
    source: oneOf(['folder', 'upload']),
    state: oneOf(runStates),
    error: orNull(documentErrorSchema),
    /** The allow-listed root and the path below it; null where it lies outside of all. */
    root: orNull(Type.String()),
    path: orNull(Type.String()),
    tag: orNull(Type.String()),
    metadata: Type.Record(Type.String(), Type.String()),
    priority: oneOf(priorityNames),
    recipe: recipeSchema,
    /** Documents by outcome; `open` are those that have none yet. */
    counts: Type.Record(Type.String(), Type.Integer()),
    /** False while the folder is still being walked. */
    isPlanned: Type.Boolean(),
    pagesRead: orNull(Type.Integer()),
    pagesPerSecond: orNull(Type.Number()),
    etaSeconds: orNull(Type.Number()),
    startedAt: Type.String(),
    finishedAt: orNull(Type.String()),
    links: Type.Object(
      {
        self: Type.String(),
        documents: Type.String(),
        results: Type.String(),
        report: Type.String(),
        events: Type.String(),
      },
      closed,
    ),
  },
  { ...closed, $id: 'Run' },
)
export type RunView = Static<typeof runViewSchema>
