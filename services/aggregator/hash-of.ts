import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** SHA-256 of a file, hex; undefined where it cannot be read. */
export async function hashOf(file: string): Promise<string | undefined> {
  const sha256 = createHash('sha256')
  try {
    await pipeline(createReadStream(file), sha256)
    return sha256.digest('hex')
  } catch {
    return undefined // Missing or unreadable is as good as changed: whoever reads it next says why.
  }
}
