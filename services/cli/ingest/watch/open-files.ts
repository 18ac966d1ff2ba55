import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const writing = 0o3

/**
 * The files below a folder that a process of this machine has open for writing, absolute: Linux tells this about the
 * processes of the same user (about all to root). Elsewhere there is none.
 */
export function filesBeingWritten(root: string): Set<string> {
  const found = new Set<string>()
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`
    for (const fd of entries(folder)) {
      const file = attempt(() => readlinkSync(join(folder, fd)))
      if (file?.startsWith(`${root}/`) !== true) continue
      const info = attempt(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info ?? '')?.[1] ?? '0', 8)
      if ((flags & writing) !== 0) found.add(file)
    }
  }
  return found
}

const entries = (folder: string): string[] => attempt(() => readdirSync(folder)) ?? []

/** Processes end meanwhile, and those of others are closed to us. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
