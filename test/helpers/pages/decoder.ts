import { readFileSync } from 'node:fs'

/** The processes that decode for a worker, or for this process: its children that run the decoder's script. */
export function decodersOf(pid = process.pid): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children
    .trim()
    .split(' ')
    .filter((child) => child !== '' && commandOf(child).includes('open/decoder-process.ts'))
    .map(Number)
}

/** A process that has just ended has none. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
