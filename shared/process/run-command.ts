import { CommanderError } from 'commander'
import { explain } from './causes.ts'
import { exitCodes, systemCode } from './errors.ts'
import { printable } from './printable.ts'

/**
 * Runs a command of the command line and exits with its code once all its output has been flushed: `process.exit` alone
 * drops output that a slow reader has left in the pipe. Writes an error as `name: message`; commander writes its own
 * errors.
 */
export async function runCommand(
  host: NodeJS.Process,
  name: string,
  command: () => Promise<number>,
): Promise<void> {
  const output = guardOutput(host)
  let code: number
  try {
    code = await command()
  } catch (thrown) {
    if (thrown instanceof CommanderError) code = thrown.exitCode
    else {
      const error = explain(thrown)
      host.stderr.write(`${name}: ${printable(error.message)}\n`)
      code = error.exitCode
    }
  }
  await output.flush()
  const loss = output.loss()
  if (loss !== undefined) {
    host.stderr.write(`${name}: standard output could not be written: ${loss.message}\n`)
    await output.flush()
    if (code === exitCodes.done) code = exitCodes.other
  }
  host.exit(code)
}

type Output = Pick<NodeJS.Process, 'stdout' | 'stderr'>

/**
 * Lets a command survive the end of its reader. `ingest | head` continues silently: hours of work go to files, and its
 * exit code still gives the result; Ctrl-C ends it. Output lost for any other reason (a full disk behind `> file`) is
 * an error on standard output, and is ignored on standard error.
 */
export function guardOutput({ stdout, stderr }: Output) {
  let lost: Error | undefined
  stdout.on('error', (error) => {
    if (!isReaderGone(error, stdout)) lost ??= error
  })
  stderr.on('error', () => undefined) // No output is left to report it.
  return {
    /** Why output was lost, if it was. */
    loss: () => lost,
    /** Waits until everything written so far has been flushed or is lost. */
    flush: async () => void (await Promise.all([stdout, stderr].map(flushed))),
  }
}

const flushed = (stream: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))

/** A pipe without a reader gives EPIPE, a closed terminal EIO. */
function isReaderGone(error: Error, stream: NodeJS.WriteStream): boolean {
  const code = systemCode(error)
  return code === 'EPIPE' || code === 'ECONNRESET' || (code === 'EIO' && stream.isTTY)
}
