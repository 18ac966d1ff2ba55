import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import {
  openPlanned,
  type OpenPlanned,
  type PlannedFile,
} from '../../../shared/files/planned-file.ts'

const pieceBytes = 2 ** 18

/** The bytes of a planned file, from `start` on. */
interface Blob {
  body: Readable
  /** Of the whole file. */
  size: number
  start: number
  /** SHA-256 of the whole file, base64; absent for a part, whose first answer had it. */
  sha256?: string
}

/**
 * Opens a planned file from `from` on, or from its beginning where it has fewer bytes. It is read twice, because its
 * hash precedes its bytes; a file that changes in between ends the body with an error. Throws the errors of
 * `openPlanned`.
 */
export async function openBlob(file: PlannedFile, from: number): Promise<Blob> {
  const opened = await openPlanned(file)
  const { size, handle } = opened
  const start = from < size ? from : 0
  try {
    const sha256 = start === 0 ? await hashOf(opened) : undefined
    const body = Readable.from(piecesOf(opened, start), { objectMode: false })
    body.once('close', () => void handle.close().catch(() => undefined))
    return { body, size, start, ...(sha256 !== undefined && { sha256 }) }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

async function hashOf(opened: OpenPlanned): Promise<string> {
  const sha256 = createHash('sha256')
  for await (const piece of piecesOf(opened, 0)) sha256.update(piece)
  return sha256.digest('base64')
}

/** Throws the errors of `openPlanned` where the file is no longer the planned one before its last piece. */
async function* piecesOf(
  { handle, size, check }: OpenPlanned,
  start: number,
): AsyncGenerator<Buffer> {
  for (let at = start; at < size;) {
    const room = Buffer.allocUnsafe(Math.min(pieceBytes, size - at))
    const { bytesRead } = await handle.read(room, 0, room.length, at)
    if (bytesRead === 0) throw new ScriptoriumError('unstable', 'became shorter while it was read')
    at += bytesRead
    if (at === size) await check() // The client would not notice an error after the end.
    yield room.subarray(0, bytesRead)
  }
}
