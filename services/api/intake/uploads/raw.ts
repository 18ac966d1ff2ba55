import type { FastifyRequest } from 'fastify'
import { fileTooLarge } from '../spool/draft.ts'
import { dispositionName, uploadName } from './name.ts'
import { takeFile, type Arriving, type Intake, type Uploads } from './uploads.ts'

/** Media types whose body is one file; its content determines the actual type. */
export const rawTypes = ['application/octet-stream', 'application/pdf', /^image\//]

/** Receives a body that is one file, named by Content-Disposition or by `?name=`. */
export async function readRaw(
  { raw, query }: FastifyRequest,
  uploads: Uploads,
  { store, limits: { maxFileBytes: maxBytes } }: Intake,
  arriving: Arriving,
): Promise<void> {
  const name = uploadName(dispositionName(raw.headers['content-disposition']) ?? queryName(query))
  if (Number(raw.headers['content-length']) > maxBytes) {
    uploads.rejected.push({ name, error: fileTooLarge(maxBytes) })
    return
  }
  const incoming = { name, maxBytes, ...arriving }
  await takeFile(uploads, name, () => store.receive(raw, incoming), arriving.signal)
}

function queryName(query: unknown): string | undefined {
  if (typeof query !== 'object' || query === null || !('name' in query)) return undefined
  return typeof query.name === 'string' ? query.name : undefined
}
