import { Type, type Static } from '@sinclair/typebox'
import { formats } from '../../../shared/contract.ts'
import { priorityNames } from '../../../shared/messages.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { recipeSchema } from '../../../shared/recipe.ts'

const closed = { additionalProperties: false }

/** The recipe as clients give it: what is left out is the default. */
export const recipeOptionsSchema = Type.Partial(recipeSchema, closed)
export type RecipeOptions = Static<typeof recipeOptionsSchema>

export const labelOptions = {
  tag: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  metadata: Type.Optional(
    Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 1_000 }), {
      maxProperties: 50,
    }),
  ),
}

const reading = {
  priority: Type.Optional(oneOf(priorityNames)),
  /** Readings of a page before it is given up. */
  attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
  /** Deadline of one reading, milliseconds; 0 = by the page's size. */
  timeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })),
  /** Opens encrypted PDFs. It is kept until the run ends, a day at most, and is never shown. */
  pdfPassword: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
}

/** What goes with an upload. */
export const uploadOptionsSchema = Type.Object(
  {
    recipe: Type.Optional(recipeOptionsSchema),
    ...reading,
    ...labelOptions,
    /** Reads again what was read before. */
    force: Type.Optional(Type.Boolean()),
  },
  { ...closed, $id: 'UploadOptions' },
)
export type UploadOptions = Static<typeof uploadOptionsSchema>

/** A path below an allow-listed root: never one of the host's own. */
const relativePath = Type.String({ maxLength: 4_096 })
const rootName = Type.String({ minLength: 1, maxLength: 100 })

export const sourceSchema = Type.Union([
  Type.Object(
    {
      type: Type.Literal('path'),
      root: rootName,
      path: Type.String({ minLength: 1, maxLength: 4_096 }),
    },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal('base64'),
      data: Type.String({ minLength: 1 }),
      name: Type.Optional(Type.String({ maxLength: 1_000 })),
    },
    closed,
  ),
  Type.Object({ type: Type.Literal('url'), url: Type.String({ maxLength: 4_096 }) }, closed),
])
export type UploadSource = Static<typeof sourceSchema>

/** The JSON body of an upload. */
export const uploadBodySchema = Type.Object(
  { source: sourceSchema, options: Type.Optional(uploadOptionsSchema) },
  closed,
)

/** What a folder run is asked to do. */
export const runBodySchema = Type.Object(
  {
    root: rootName,
    path: Type.Optional(relativePath),
    include: Type.Optional(Type.Array(Type.String({ maxLength: 1_000 }), { maxItems: 100 })),
    exclude: Type.Optional(Type.Array(Type.String({ maxLength: 1_000 }), { maxItems: 100 })),
    includeHidden: Type.Optional(Type.Boolean()),
    recipe: Type.Optional(recipeOptionsSchema),
    ...reading,
    ...labelOptions,
    formats: Type.Optional(Type.Array(oneOf(formats), { minItems: 1, maxItems: formats.length })),
    /** One file of everything, too. */
    combined: Type.Optional(Type.Boolean()),
    force: Type.Optional(Type.Boolean()),
    retryFailed: Type.Optional(Type.Boolean()),
    checksum: Type.Optional(Type.Boolean()),
  },
  closed,
)
export type RunBody = Static<typeof runBodySchema>
