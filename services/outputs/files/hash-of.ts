import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { openBelow, type Below } from '../../../shared/files/open-below.ts'

/** Our own files are never links. O_NONBLOCK: opening a FIFO would wait for its writer for ever. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** SHA-256 of one of our files, hex; undefined where it is unreadable, or a link. */
export const hashOf = (file: string): Promise<string | undefined> =>
  hashOpened(() => open(file, flags))

/** The same for an input file. */
export const hashBelow = (place: Below): Promise<string | undefined> =>
  hashOpened(() => openBelow(place))

async function hashOpened(opening: () => Promise<FileHandle>): Promise<string | undefined> {
  const sha256 = createHash('sha256')
  try {
    const handle = await opening()
    try {
      if (!(await handle.stat()).isFile()) return undefined
      await pipeline(handle.createReadStream({ autoClose: false }), sha256)
    } finally {
      await handle.close()
    }
    return sha256.digest('hex')
  } catch {
    return undefined // A missing or unreadable file counts as changed: its next reader reports the reason.
  }
}

const chunkBytes = 1_048_576

/** `hashOf` synchronously, within a transaction: for rare files. */
export function hashNow(file: string): string | undefined {
  try {
    const descriptor = openSync(file, flags)
    try {
      return fstatSync(descriptor).isFile() ? hashChunks(descriptor) : undefined
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined // As above.
  }
}

function hashChunks(descriptor: number): string {
  const sha256 = createHash('sha256')
  const chunk = Buffer.alloc(chunkBytes)
  for (;;) {
    const bytes = readSync(descriptor, chunk)
    if (bytes === 0) return sha256.digest('hex')
    sha256.update(chunk.subarray(0, bytes))
  }
}
