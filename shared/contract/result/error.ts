import { Type, type Static } from '@sinclair/typebox'
import { idText, messageText } from '../schema/bounded.ts'
import { described } from '../schema/described.ts'

const closed = { additionalProperties: false }

export const documentErrorSchema = Type.Object(
  {
    code: described(idText, 'Stable error code.', 'corrupt_image'),
    message: described(messageText, 'Explanation for people.', 'the image is truncated'),
  },
  { ...closed, title: 'DocumentError', description: 'Reason for a failure.' },
)
export type DocumentError = Static<typeof documentErrorSchema>
