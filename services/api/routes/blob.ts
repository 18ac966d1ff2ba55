import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { BlobPlace } from '../../../shared/blobs/blob-tokens.ts'
import { fileRefusals } from '../../../shared/blobs/file-refusals.ts'
import { described } from '../../../shared/contract/schema/described.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { ProblemCode } from '../schemas/problem-codes.ts'
import { openBlob } from '../views/blob.ts'
import type { App, Context } from './context.ts'

const problems = ['expired', ...fileRefusals] as const satisfies ProblemCode[]

const binary: Record<string, object> = {
  'application/octet-stream': {
    schema: described(Type.String({ format: 'binary', maxLength: 2 ** 31 }), 'Bytes of the file.'),
  },
}
const headerOf = (description: string, example: string) => ({
  description,
  type: 'string',
  maxLength: 200,
  examples: [example],
})
const exampleDigest = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'

/** `GET /v1/blobs/{job}`: the bytes of a job's file, for workers that do not have it. */
export function blobRoute(app: App, context: Context): void {
  app.get(
    '/v1/blobs/:job',
    {
      config: { scope: 'signed', problems },
      schema: {
        operationId: 'getBlob',
        summary: "Get the file of a worker's job",
        description:
          'For workers on hosts without the file. The token comes with the job, is for this file, and is valid for a ' +
          'day. `Range: bytes=<first>-` with `If-Range` continues a download.',
        tags: ['Fleet'],
        params: Type.Object({
          job: described(
            Type.String({ pattern: '^[a-z0-9]+$', minLength: 1, maxLength: 100 }),
            'Job id.',
            'j0f4e2a8c6b1d3f5a7091b2c3d4',
          ),
        }),
        response: {
          200: {
            description: 'The file.',
            headers: {
              ETag: headerOf(
                'Version of the file, for `If-Range`.',
                '"1024-1772357400-1772357400"',
              ),
              'Repr-Digest': headerOf('SHA-256 of the file (RFC 9530).', exampleDigest),
            },
            content: binary,
          },
          206: { description: 'The rest of the file.', content: binary },
        },
      },
    },
    async (request, reply) => {
      const job = await requireSigned(context, request, request.params.job)
      const maxBytes = context.config.SCRIPTORIUM_MAX_FILE_BYTES
      const etag = `"${job.stat ?? job.path}"`
      const blob = await openBlob({ ...job, maxBytes }, firstByte(request, etag))
      const { body, size, start, sha256 } = blob
      reply.header('etag', etag).header('accept-ranges', 'bytes')
      reply.header('content-length', size - start)
      if (sha256 !== undefined) reply.header('repr-digest', `sha-256=:${sha256}:`)
      if (start > 0) reply.code(206).header('content-range', `bytes ${start}-${size - 1}/${size}`)
      return reply.type('application/octet-stream').send(body)
    },
  )
}

/** Returns the job, if the request has a token for its file. An unknown job is refused like a forged token. */
async function requireSigned(
  { queue, pictures, blobTokens }: Context,
  { headers }: FastifyRequest,
  jobId: string,
): Promise<BlobPlace> {
  const [, token = ''] = /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? '') ?? []
  const job =
    token === '' ? undefined : ((await queue.find(jobId)) ?? (await pictures.findJob(jobId)))
  const found = job === undefined ? 'forged' : blobTokens.check(job, token)
  if (job === undefined || found === 'forged') {
    throw new ScriptoriumError('unauthenticated', 'the token is not for the file of this job')
  }
  if (found === 'expired') {
    throw new ScriptoriumError('expired', 'the token of this job has expired')
  }
  return job
}

/** The first byte that a request for a part wants, if the part that it has is of this version; otherwise 0. */
function firstByte({ headers }: FastifyRequest, etag: string): number {
  const [, first] = /^bytes=(\d{1,15})-$/.exec(headers.range ?? '') ?? []
  const isSame = headers['if-range'] === etag
  return first !== undefined && isSame ? Number(first) : 0
}
