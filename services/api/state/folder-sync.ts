import { open } from 'node:fs/promises'

/** Makes the renames into a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Lets many callers share one `sync`: each is released by one that began after its call, so all that a caller did
 * before is covered, and at most one runs at a time. Rejects as that sync does.
 */
export function createSharedSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined

  const startAfter = async (earlier: Promise<void>): Promise<void> => {
    await Promise.allSettled([earlier]) // Its own callers handle its failure.
    next = undefined
    running = sync()
    await running
  }
  return () => (next ??= startAfter(running))
}
