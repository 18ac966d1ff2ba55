import type { FastifyMultipartBaseOptions, MultipartValue } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { ScriptoriumError, systemCode, toError } from '../../../../shared/process/errors.ts'
import { uploadName } from './name.ts'
import { takeFile, type Arriving, type Intake, type UploadLimits, type Uploads } from './uploads.ts'

const fileFields = new Set(['files', 'file'])
/** Of the part that holds an upload's options. */
export const maxOptionsBytes = 64 * 1024
const maxShownLength = 100

/** Options for @fastify/multipart; the bytes of files are counted by the spool and by the body's watch. */
export const multipartOptions = ({ maxFiles }: UploadLimits): FastifyMultipartBaseOptions => ({
  limits: {
    files: maxFiles,
    // One more than allowed, so that a second one is detected and named.
    fields: 2,
    parts: maxFiles + 2,
    fieldSize: maxOptionsBytes,
    fileSize: Infinity,
    headerPairs: 32,
  },
  throwFileSizeLimit: false,
  // Only options is held in memory; and browsers send even a part of JSON with a filename.
  isPartAFile: (field) => field !== 'options',
})

/**
 * Reads a multipart body, one part after the other. Throws `malformed_request`, `invalid_request`, `upload_too_large`
 * (too many files), errors of the store that end the whole request, or the signal's reason.
 */
export async function readMultipart(
  request: FastifyRequest,
  uploads: Uploads,
  intake: Intake,
  arriving: Arriving,
): Promise<void> {
  try {
    await readParts(request, uploads, intake, arriving)
  } catch (thrown) {
    throw explain(thrown, intake.limits)
  }
  if (uploads.received.length + uploads.rejected.length > 0) return
  throw new ScriptoriumError(
    'invalid_request',
    'the request has no file; send each file as a part named files',
  )
}

async function readParts(
  request: FastifyRequest,
  uploads: Uploads,
  { store, limits }: Intake,
  arriving: Arriving,
): Promise<void> {
  const { signal } = arriving
  for await (const part of untilAborted(request.parts(), signal)) {
    if (part.type === 'field') {
      if (uploads.options !== undefined)
        throw invalid('the request has more than one part named options')
      uploads.options = readOptions(part)
      continue
    }
    if (!fileFields.has(part.fieldname)) throw unknownPart(part.fieldname)
    const name = uploadName(part.filename)
    const incoming = { name, maxBytes: limits.maxFileBytes, ...arriving }
    await takeFile(uploads, name, () => store.receive(part.file, incoming), signal)
    part.file.resume() // Drains a refused file: the next part arrives after it.
  }
}

/** Yields items until the signal; then throws its reason. */
async function* untilAborted<T>(items: AsyncIterator<T>, signal: AbortSignal): AsyncGenerator<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(toError(signal.reason)), { once: true })
  })
  for (;;) {
    const next = await Promise.race([items.next(), aborted])
    if (next.done) return
    yield next.value
  }
}

function readOptions({ value, valueTruncated, mimetype }: MultipartValue): unknown {
  if (valueTruncated) throw invalid(`options must have at most ${maxOptionsBytes} bytes`)
  // Sent as JSON, @fastify/multipart has parsed it.
  if (typeof value !== 'string' || mimetype === 'application/json') return value
  try {
    return JSON.parse(value, (key, inner: unknown) => {
      if (key === '__proto__') throw new SyntaxError('__proto__ is not allowed')
      return inner
    })
  } catch (thrown) {
    const message = `options must be JSON: ${toError(thrown).message}`
    throw new ScriptoriumError('malformed_request', message, { cause: thrown })
  }
}

const invalid = (message: string): ScriptoriumError =>
  new ScriptoriumError('invalid_request', message)

/** A part without a name has none here either, whatever its type. */
function unknownPart(field: string | undefined): ScriptoriumError {
  const which =
    field === undefined ? 'without a name' : JSON.stringify(field.slice(0, maxShownLength))
  return invalid(`unknown part ${which}; known are files, file and options`)
}

/** Translates an error of @fastify/multipart for the client; returns other errors unchanged. */
function explain(thrown: unknown, { maxFiles }: UploadLimits): unknown {
  const cause = { cause: thrown }
  const { name, message } = toError(thrown)
  const code = systemCode(thrown)
  switch (code) {
    case 'FST_FILES_LIMIT':
    case 'FST_PARTS_LIMIT':
      return new ScriptoriumError(
        'upload_too_large',
        `the request has more files than SCRIPTORIUM_MAX_FILES=${maxFiles}; send fewer at a time`,
        cause,
      )
    case 'FST_PROTO_VIOLATION':
      return new ScriptoriumError('invalid_request', `a part is invalid: ${message}`, cause)
    case 'FST_INVALID_JSON_FIELD_ERROR': {
      const reason = `options must be JSON of at most ${maxOptionsBytes} bytes`
      return new ScriptoriumError('malformed_request', reason, cause)
    }
    default:
      // The parser beneath throws plain errors; those of the system have a code, those of our mistakes another name.
      if (code !== undefined || name !== 'Error') return thrown
      return new ScriptoriumError(
        'malformed_request',
        `the multipart body is malformed: ${message}`,
        cause,
      )
  }
}
