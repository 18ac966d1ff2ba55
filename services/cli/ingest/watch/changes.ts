import { statfsSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { toError } from '../../../../shared/process/errors.ts'

/** File systems that do not report changes made on other machines: NFS, SMB (three versions), FUSE, 9P. */
const remote = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997])

interface Deps {
  root: string
  tell: (line: string) => void
}

const doNothing = (): void => undefined

/**
 * Waits for changes below a folder: the system reports them (inotify), but not for folders of other machines and not
 * beyond its number of watches. A report only says when to look, so a lost one costs time and no file.
 */
export function createChanges({ root, tell }: Deps) {
  const watchers = new Map<string, FSWatcher>()
  let isPolling = isRemote(root)
  let isChanged = false
  let wake = doNothing

  const close = (): void => {
    for (const watcher of watchers.values()) watcher.close()
    watchers.clear()
  }
  const poll = (thrown: unknown): void => {
    if (isPolling) return
    isPolling = true
    close()
    tell(`The system does not report changes (${toError(thrown).message}); the folder is polled.`)
  }
  const note = (): void => {
    isChanged = true
    wake()
  }
  const add = (folder: string): void => {
    const watcher = watch(join(root, folder), note)
    watchers.set(folder, watcher)
    watcher.on('error', () => {
      // The folder is gone, or its disk: the next look finds out.
      watcher.close()
      watchers.delete(folder)
      note()
    })
  }

  return {
    isPolling: (): boolean => isPolling,
    /** The folders that there are. */
    follow(folders: readonly string[]): void {
      const present = new Set(folders)
      for (const [folder, watcher] of watchers) {
        if (present.has(folder)) continue
        watcher.close()
        watchers.delete(folder)
      }
      for (const folder of folders) {
        if (isPolling) return
        try {
          if (!watchers.has(folder)) add(folder)
        } catch (thrown) {
          if (!isGone(thrown)) poll(thrown)
        }
      }
    },
    /** Waits for a change since the last wait, or for this time. */
    async wait(ms: number, signal: AbortSignal): Promise<void> {
      if (!isChanged && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<undefined>()
        wake = () => resolve(undefined)
        const timer = setTimeout(wake, ms)
        signal.addEventListener('abort', wake, { once: true })
        await promise
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
      }
      isChanged = false
    },
    close,
  }
}

export type Changes = ReturnType<typeof createChanges>

const isGone = (thrown: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes(String(Reflect.get(toError(thrown), 'code')))

function isRemote(root: string): boolean {
  try {
    return remote.has(statfsSync(root).type)
  } catch {
    return true // Polling finds out why.
  }
}
