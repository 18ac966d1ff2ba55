import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ending } from '../folder.ts'
import { repository, startCommand } from './processes.ts'

const watcher = join(repository, 'test/fixtures/processes/loop-watch.ts')

/** One of our roles, started with a watch on its event loop; ends with the test. `file` is the watch's own. */
export function startWatched(
  ending: Ending,
  script: string,
  file: string,
  environment: NodeJS.ProcessEnv,
) {
  const program = startCommand(process.execPath, ['--import', watcher, script], {
    environment: { ...environment, LOOP_WATCH_FILE: file },
  })
  ending.after(async () => {
    if (program.isRunning()) program.kill('SIGKILL')
    await program.ended
  })
  let marks = 0
  return {
    ...program,
    /** The longest turn since the last mark, milliseconds of processor time of the main thread. */
    async mark(): Promise<number> {
      marks += 1
      program.kill('SIGUSR2')
      return Number(await program.until('its mark', () => markIn(file, marks)))
    },
  }
}

/** Undefined while it is incompletely written. */
function markIn(file: string, marks: number): string | undefined {
  try {
    const [, mark, ms] = /^(\d+) (\S+)\n$/.exec(readFileSync(file, 'utf8')) ?? []
    return mark === String(marks) ? ms : undefined
  } catch {
    return undefined // The first one is not there yet.
  }
}
