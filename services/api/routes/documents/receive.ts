import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyRequest } from 'fastify'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { holderOf } from '../../http/holder.ts'
import { InvalidRequest } from '../../http/problem.ts'
import { firstFaults } from '../../http/validator.ts'
import type { OpenSource } from '../../intake/open-source.ts'
import { readUploads } from '../../intake/uploads/read-uploads.ts'
import { dropAll, type Uploads } from '../../intake/uploads/uploads.ts'
import {
  uploadBodySchema,
  uploadOptionsSchema,
  type UploadOptions,
  type UploadSource,
} from '../../schemas/options.ts'
import type { Context } from '../context.ts'

const optionsCheck = TypeCompiler.Compile(uploadOptionsSchema)

interface ReceivedUpload {
  uploads: Uploads
  options: UploadOptions
}

/** Receives the files of an upload into the spool, and parses its options. */
export async function receiveUpload(
  context: Context,
  request: FastifyRequest,
): Promise<ReceivedUpload> {
  const open = context.limits.take('open_uploads', holderOf(request))
  try {
    return await receive(context, request)
  } finally {
    open.release()
  }
}

async function receive(
  { intake, openSource }: Context,
  request: FastifyRequest,
): Promise<ReceivedUpload> {
  const { body } = request
  if (isUploadBody(body)) {
    const uploads = await openInTime(openSource, body.source, holderOf(request))
    // The file is in the spool now, so waiting for the result holds none of it in memory.
    request.body = undefined
    request.bodyMemory?.release()
    return { uploads, options: body.options ?? {} }
  }
  const uploads = await readUploads(request, intake)
  try {
    return { uploads, options: parseOptions(uploads.options) }
  } catch (thrown) {
    await dropAll(uploads)
    throw thrown
  }
}

const sourceSeconds = 120

async function openInTime(
  openSource: OpenSource,
  source: UploadSource,
  holder: string,
): Promise<Uploads> {
  const late = new AbortController()
  const message = `the file did not arrive within ${sourceSeconds} seconds`
  const timer = setTimeout(
    () => late.abort(new ScriptoriumError('upload_too_slow', message)),
    sourceSeconds * 1_000,
  )
  try {
    return await openSource(source, holder, late.signal)
  } finally {
    clearTimeout(timer)
  }
}

const bodyCheck = TypeCompiler.Compile(uploadBodySchema)
const isUploadBody = (body: unknown) => bodyCheck.Check(body)

function parseOptions(given: unknown): UploadOptions {
  if (given === undefined) return {}
  if (optionsCheck.Check(given)) return given
  const faults = firstFaults(optionsCheck.Errors(given)).map(({ path, message }) => ({
    path: `/options${path}`,
    message,
  }))
  throw new InvalidRequest('invalid_request', faults)
}

/** The fault of a request without an acceptable file: that of its first file, by name. */
export function refusalOf({ rejected }: Uploads): ScriptoriumError {
  const [first] = rejected
  if (first === undefined) {
    return new ScriptoriumError(
      'malformed_request',
      'the request has no file; send each file as a part named files',
    )
  }
  return new ScriptoriumError(first.error.code, `${first.name} ${first.error.message}`)
}
