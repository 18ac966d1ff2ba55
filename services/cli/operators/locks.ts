import { join } from 'node:path'
import { takeLock, type Holder } from '../../../shared/files/file-lock.ts'

/**
 * Takes the locks that `ingest`, `npm start` and the aggregator hold while they use a ledger; or returns their holder.
 */
export function takeLocks(
  folder: string,
): { release: () => void } | { holder: Holder | undefined } {
  const held: (() => void)[] = []
  const release = (): void => held.forEach((each) => each())
  for (const name of ['run.lock', 'aggregator.lock']) {
    const lock = takeLock(join(folder, name))
    if ('holder' in lock) {
      release()
      return lock
    }
    held.push(lock.release)
  }
  return { release }
}
