import { type Static, Type } from '@sinclair/typebox'
import { idText, messageText, pathText } from '../schema/bounded.ts'

const closed = { additionalProperties: false }

/** A page to render for display. The sizes are those of the picture, pixels. */
export const pictureJobSchema = Type.Object(
  {
    v: Type.Literal(1),
    runId: idText,
    root: pathText,
    path: pathText,
    follow: Type.Boolean(),
    /** As in a job that reads it: absent for a spooled upload, whose name is its hash. */
    stat: Type.Optional(idText),
    /** As in a job that reads it. */
    blob: idText,
    page: Type.Integer({ minimum: 1 }),
    width: Type.Integer({ minimum: 1 }),
    height: Type.Integer({ minimum: 1 }),
    /** Milliseconds since 1970: nobody waits for it long after. */
    askedAt: Type.Integer(),
  },
  closed,
)
export type PictureJob = Static<typeof pictureJobSchema>

/** The reason why a page cannot be rendered. */
export const pictureProblemSchema = Type.Object({ code: idText, message: messageText }, closed)
