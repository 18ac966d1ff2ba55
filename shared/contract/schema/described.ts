import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { idText } from './bounded.ts'

/** The schema with a description and examples for `/openapi.json`; it accepts the same values. */
export const described = <T extends TSchema>(
  schema: T,
  description: string,
  ...examples: Static<T>[]
): T => ({ ...schema, description, ...(examples.length > 0 && { examples }) })

/** An integer of 0 or more. The schema omits the bound, so that no stored record is rejected for it. */
export const countOf = (description: string, example: number) =>
  described(Type.Integer(), `${description} 0 or more.`, example)

/** A number of 0 or more. The schema omits the bound, so that no stored record is rejected for it. */
export const amountOf = (description: string, example: number) =>
  described(Type.Number(), `${description} 0 or more.`, example)

export const percentOf = (description: string, example: number) =>
  described(Type.Number(), `${description} Percent, 0 to 100.`, example)

export const shareOf = (description: string, example: number) =>
  described(Type.Number(), `${description} A share, 0 to 1.`, example)

export const pageNumber = described(Type.Integer(), 'Page number in the document. 1 or more.', 1)

export const timeOf = (description: string) =>
  described(idText, `${description} ISO 8601, UTC.`, '2026-03-01T09:30:00.000Z')

export const exampleDocumentId = 'd9f86d081884c7d659a2feaa0c5'
export const exampleRunId = 'r3b241101e2bb42558caf4136c566a962'
export const documentIdText = described(idText, 'Document id.', exampleDocumentId)
export const runIdText = described(idText, 'Run id.', exampleRunId)
export const exampleSha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
export const sha256Text = described(idText, 'SHA-256 of the bytes, 64 hex digits.', exampleSha256)
