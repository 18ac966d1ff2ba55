import { exitCodes, toError } from '../../../../shared/process/errors.ts'
import { onSignals } from '../../../../shared/process/lifecycle.ts'
import { guardOutput } from '../../../../shared/process/run-command.ts'
import type { Deps } from './run-parts.ts'

/** Runs a bench as a command: figures on stdout, progress on stderr; a signal ends all started processes. */
export async function startBench(
  host: NodeJS.Process,
  run: (deps: Deps) => Promise<void>,
): Promise<void> {
  guardOutput(host)
  const interrupt = new AbortController()
  onSignals(host, () => interrupt.abort())
  try {
    await run({
      arguments: host.argv.slice(2),
      node: host.execPath,
      nodeVersion: host.version,
      environment: host.env,
      stopping: interrupt.signal,
      print: (line) => void host.stdout.write(`${line}\n`),
      say: (line) => void host.stderr.write(`${line}\n`),
    })
  } catch (thrown) {
    host.stderr.write(`bench: ${toError(thrown).message}\n`)
    host.exitCode = interrupt.signal.aborted ? exitCodes.interrupted : 1
  }
}
