import { compileGlobs } from '../../../../shared/glob/globs.ts'
import { printable } from '../../../../shared/process/printable.ts'
import { findServices } from '../ingest.ts'
import { buildRequest } from '../request.ts'
import type { RunServices } from '../run-services.ts'
import { eventLines } from '../show/view.ts'
import { counted } from '../../counted.ts'
import type { WatchOptions } from './options.ts'
import { readRound } from './round.ts'
import { watchFolder } from './watch.ts'

interface Deps {
  options: WatchOptions
  folders: { root: string; out: string; done: string | undefined; failed: string }
  environment: NodeJS.ProcessEnv
  stderr: NodeJS.WriteStream
  stopping: AbortSignal
}

/** After a failure of the service: a minute, five and thirty. */
const retriesMs = [60_000, 300_000, 1_800_000]

/** Watches a folder with the services of `ingest`, until it is stopped. */
export async function runWatch(deps: Deps): Promise<void> {
  const { options, folders, environment, stderr, stopping } = deps
  const { root, out } = folders
  const tell = (line: string): void => void stderr.write(`${printable(line)}\n`)
  const note = (line: string): void => (options.quiet ? undefined : tell(line))
  const open = (): Promise<RunServices> =>
    findServices(
      options,
      environment,
      buildRequest(options, { root, paths: [], folders: [] }, out),
      tell,
    )
  let services: RunServices | undefined = await open()
  const include = compileGlobs(options.include)
  const exclude = compileGlobs(options.exclude)
  note(`Watching ${root}; output: ${out}. Ctrl-C stops.`)
  const read = async (paths: string[], isRetry: boolean) => {
    services ??= await open()
    try {
      return await readRound({
        services,
        options: { ...options, retryFailed: isRetry },
        inputs: { root, paths, folders: [] },
        out,
        tell,
        onEvent: (event) => eventLines(event, options).forEach(tell),
        stopping,
      })
    } catch (thrown) {
      // It may be lost for good: the next round begins with new ones.
      await services.close()
      services = undefined
      throw thrown
    }
  }
  try {
    await watchFolder({
      folders,
      settleMs: options.settle,
      pollMs: options.poll,
      retriesMs,
      includeHidden: options.includeHidden,
      isWanted: (path) => (options.include.length === 0 || include(path)) && !exclude(path),
      read,
      tell,
      onRound: ({ read: count, failed, unchanged }) =>
        note(`${counted(count, 'file')} read, ${failed} failed, ${unchanged} unchanged.`),
      stopping,
    })
    await services?.quieten()
  } finally {
    await services?.close()
  }
}
