import { exitCodes, toError } from '../../../shared/process/errors.ts'
import { onSignals } from '../../../shared/process/lifecycle.ts'

/** The process as a tool sees it. */
export interface ToolHost {
  arguments: readonly string[]
  node: string
  environment: NodeJS.ProcessEnv
  isRoot: boolean
  stopping: AbortSignal
  print: (line: string) => void
  say: (line: string) => void
}

/** Runs a tool until it ends or a signal comes, and exits: 0 if it returns true, else 1, 130 after a signal. */
export async function startTool(
  name: string,
  host: NodeJS.Process,
  run: (host: ToolHost) => Promise<boolean>,
): Promise<never> {
  const interrupt = new AbortController()
  onSignals(host, () => interrupt.abort())
  try {
    const isSound = await run({
      arguments: host.argv.slice(2),
      node: host.execPath,
      environment: host.env,
      isRoot: host.getuid?.() === 0,
      stopping: interrupt.signal,
      print: (line) => void host.stdout.write(`${line}\n`),
      say: (line) => void host.stderr.write(`${line}\n`),
    })
    return host.exit(isSound ? exitCodes.done : 1)
  } catch (thrown) {
    host.stderr.write(`${name}: ${toError(thrown).message}\n`)
    return host.exit(interrupt.signal.aborted ? exitCodes.interrupted : 1)
  }
}
