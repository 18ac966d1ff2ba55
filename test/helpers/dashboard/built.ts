import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, globSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeLock } from '../../../shared/files/file-lock.ts'
import { repository } from '../processes/processes.ts'
import { waitFor } from '../wait.ts'

const source = join(repository, 'services/dashboard')
export const builtFolder = join(source, 'built')

/** Builds the dashboard where its files are missing, or older than its source. Of several test files one builds it. */
export async function requireBuilt(): Promise<void> {
  if (isBuilt()) return
  const lock = join(tmpdir(), `dashboard-${hash('sha256', source).slice(0, 12)}`, 'lock')
  const release = await waitFor('the lock of the build', () => {
    const taken = takeLock(lock)
    return 'release' in taken && taken.release
  })
  try {
    if (isBuilt()) return
    execFileSync('npm', ['run', '--silent', 'dashboard'], { cwd: repository, stdio: 'inherit' })
  } finally {
    release()
  }
}

function isBuilt(): boolean {
  // The last file that the build writes.
  const last = join(builtFolder, 'index.html.gz')
  const builtAt = existsSync(last) ? statSync(last).mtimeMs : 0
  const sources = globSync('**/*.{ts,tsx,css,html,svg}', { cwd: source, exclude: ['built/**'] })
  return sources.every((name) => statSync(join(source, name)).mtimeMs <= builtAt)
}
