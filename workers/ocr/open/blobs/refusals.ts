import type { IncomingMessage } from 'node:http'
import { Type } from '@sinclair/typebox'
import { fileRefusals } from '../../../../shared/blobs/file-refusals.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { idText, messageText } from '../../../../shared/contract/schema/bounded.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'

const parseProblem = createParser(
  'a problem of the API',
  Type.Object({ code: idText, detail: messageText }, { additionalProperties: true }),
)
const maxProblemBytes = 65_536

/**
 * Converts a refusal of the API to the error to throw. Only a problem document of the API blames the file; anything
 * else, as a proxy's page, is an outage.
 */
export async function toFailure(response: IncomingMessage): Promise<Error> {
  const { statusCode } = response
  const problem = await readProblem(response)
  if (problem === undefined) return new Error(`status ${statusCode}`)
  const { code, detail } = problem
  const blamed = fileRefusals.find((known) => known === code)
  if (blamed !== undefined) return new ScriptoriumError(blamed, detail)
  if (code === 'expired') return new ScriptoriumError('expired', detail)
  if (code === 'unauthenticated') return new ScriptoriumError('blob_refused', detail)
  return new Error(`status ${statusCode}, ${code}: ${detail}`)
}

async function readProblem(response: IncomingMessage) {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response) {
    pieces.push(Buffer.from(piece))
    bytes += pieces.at(-1)?.length ?? 0
    if (bytes > maxProblemBytes) return undefined
  }
  if (!response.headers['content-type']?.startsWith('application/problem+json')) return undefined
  try {
    return parseProblem(JSON.parse(Buffer.concat(pieces).toString()))
  } catch {
    return undefined // Cut, or another service's: the status is reported.
  }
}

/** The API does not give the bytes of the file: neither the file nor the worker is to blame. */
export const isWithoutBytes = ({ code }: ScriptoriumError): boolean =>
  code === 'blob_unavailable' || code === 'blob_refused' || code === 'expired'
