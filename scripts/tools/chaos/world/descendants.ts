import { readdirSync, readFileSync } from 'node:fs'
import { systemCode } from '../../../../shared/process/errors.ts'

/** The pids of all processes below one, in order, whose command line has `part` in it. */
export function descendants(pid: number, part = ''): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined
    if (parent === undefined) continue
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const below = (of: number): number[] =>
    (children.get(of) ?? []).flatMap((child) => [child, ...below(child)])
  return below(pid)
    .filter((found) => read(`/proc/${found}/cmdline`).includes(part))
    .toSorted((a, b) => a - b)
}

/** The field after the name, which may hold blanks, and the state. */
function parentOf(pid: string): number | undefined {
  const stat = read(`/proc/${pid}/stat`)
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? undefined : Number(parent)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    // It has ended meanwhile, or is another user's.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(systemCode(thrown) ?? '')) return ''
    throw thrown
  }
}
