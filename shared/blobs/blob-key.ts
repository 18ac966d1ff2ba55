import { randomBytes, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../process/errors.ts'
import { UnsafePath } from '../files/private-files.ts'

const name = 'blob-key'
const keyBytes = 32

/**
 * The key that signs blob tokens: API and aggregator share it by their data folder. Workers do not have it, so one that
 * was taken over gets no other files than those of its jobs. It is made at its first use; both may make it at once, and
 * a link, unlike a rename, lets only the first one succeed.
 */
export function openBlobKey(dataFolder: string): Buffer {
  const file = join(dataFolder, name)
  const known = readKey(file)
  if (known !== undefined) return known
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, randomBytes(keyBytes), { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(draft, file)
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown
  } finally {
    rmSync(draft)
  }
  return readKey(file) ?? openBlobKey(dataFolder)
}

/** Undefined where there is none. Throws `UnsafePath` for a file that another user may have put there. */
function readKey(file: string): Buffer | undefined {
  const descriptor = openKey(file)
  if (descriptor === undefined) return undefined
  try {
    const { uid, size } = fstatSync(descriptor)
    if (uid !== process.getuid?.()) throw new UnsafePath(file, 'belongs to another user')
    if (size !== keyBytes) throw new UnsafePath(file, 'is not a key that Scriptorium made')
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function openKey(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return undefined
    if (systemCode(thrown) === 'ELOOP') throw new UnsafePath(file, 'is a symbolic link')
    throw thrown
  }
}
