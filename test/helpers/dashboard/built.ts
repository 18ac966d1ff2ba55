import { execFileSync } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../processes/processes.ts'

const source = join(repository, 'services/dashboard')
export const builtFolder = join(source, 'built')

/** Builds the dashboard where its files are missing, or older than its source. */
export function requireBuilt(): void {
  const page = join(builtFolder, 'index.html')
  const builtAt = existsSync(page) ? statSync(page).mtimeMs : 0
  const sources = globSync('**/*.{ts,tsx,css,html,svg}', { cwd: source, exclude: ['built/**'] })
  if (sources.every((name) => statSync(join(source, name)).mtimeMs <= builtAt)) return
  execFileSync('npm', ['run', '--silent', 'dashboard'], { cwd: repository, stdio: 'inherit' })
}
