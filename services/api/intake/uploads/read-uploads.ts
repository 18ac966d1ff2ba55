import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { holderOf } from '../../http/holder.ts'
import type { Held } from '../../limits/limits.ts'
import { watchBody } from '../../limits/body.ts'
import { multipartOptions, readMultipart } from './multipart.ts'
import { rawTypes, readRaw } from './raw.ts'
import { dropAll, newUploads, type Intake, type UploadLimits, type Uploads } from './uploads.ts'

/** Passes requests on to `readUploads` without reading any of their body. */
export async function registerUploads(app: FastifyInstance, limits: UploadLimits): Promise<void> {
  await app.register(multipart, multipartOptions(limits))
  for (const type of rawTypes) {
    app.addContentTypeParser(type, (_request, _payload, done) => done(null))
  }
}

/**
 * Streams every file of a request into the spool. Where it throws, nothing is left of any: `malformed_request`,
 * `invalid_request`, `upload_too_large` (the request), `upload_too_slow`, `disk_full`, or an error with the code
 * ECONNRESET where the client went away. What is wrong with one file is in `rejected`.
 */
export async function readUploads(request: FastifyRequest, intake: Intake): Promise<Uploads> {
  const body = watchBody(request.raw, intake.limits)
  request.isBodyWatched = true
  const { signal } = body
  const uploads = newUploads()
  let reserved: Held | undefined
  try {
    signal.throwIfAborted()
    reserved = await intake.room.reserve(holderOf(request), announcedBytes(request, intake.limits))
    const { giveBack: onBytes } = reserved
    const read = request.isMultipart() ? readMultipart : readRaw
    await read(request, uploads, intake, { signal, onBytes })
    return uploads
  } catch (thrown) {
    await dropAll(uploads)
    throw thrown
  } finally {
    reserved?.release()
    body.release()
  }
}

/** The declared size of a request, or the limit without one. */
function announcedBytes(request: FastifyRequest, limits: UploadLimits): number {
  const allowed = request.isMultipart() ? limits.maxRequestBytes : limits.maxFileBytes
  const announced = request.raw.headers['content-length']
  return announced === undefined ? allowed : Math.min(allowed, Number(announced))
}
