import { hash } from 'node:crypto'
import {
  openPlanned,
  type OpenPlanned,
  type PlannedFile,
} from '../../../shared/files/planned-file.ts'

/** A file's bytes at one moment, and their SHA-256 (hex). */
export interface Source {
  bytes: Buffer
  sha256: string
}

/** Location of a document, and the token for its bytes. */
export interface SourceRequest extends PlannedFile {
  jobId: string
  blob?: string | undefined
}

/** Reads a planned file. Throws the errors of `openPlanned`. */
export async function readSource(file: PlannedFile): Promise<Source> {
  const { handle, size, check } = await openPlanned(file)
  try {
    const bytes = await readWhole(handle, size)
    await check()
    return { bytes, sha256: hash('sha256', bytes) }
  } finally {
    await handle.close()
  }
}

/** Throws the errors of `openPlanned` where the file has changed since planning; reads nothing. */
export async function checkSource(file: PlannedFile): Promise<void> {
  const { handle } = await openPlanned(file)
  await handle.close()
}

/** One read of the known size: `readFile` would stat again and read piece by piece. */
async function readWhole(handle: OpenPlanned['handle'], size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled)
    if (bytesRead === 0) break // The file shrank; the check that follows reports it.
    filled += bytesRead
  }
  return bytes
}
