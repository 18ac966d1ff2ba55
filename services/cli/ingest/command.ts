import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import type { Host } from '../host.ts'
import { addArguments, readOptions } from './arguments.ts'
import { shellCommand, withoutPdfPassword } from './shell-command.ts'
import { eraseLine } from './show/view.ts'

/** `ingest`: the command line is repeated in the command that continues an interrupted run. */
export function ingestCommand(host: Host): Command {
  const command = newCommand('ingest', {
    quiet: 'print errors only: no progress, no hints, no summary',
    verbose: 'print a line for every document',
  })
  addArguments(command, host.environment)
  return command.action(async () => {
    const options = readOptions(command, host.environment)
    const { environment, stdout, stderr, readStdin, wordsOf } = host
    const words = host.words.slice(1)
    const shown = withoutPdfPassword(words)
    if (shown.length < words.length) host.setTitle(['ingest', ...shown].join(' '))
    // The prompt finds an empty line and not half a progress line.
    host.onExit(() => stderr.isTTY && stderr.write(eraseLine))
    const program = environment['SCRIPTORIUM_INGEST_COMMAND']?.split(' ') ?? wordsOf('ingest')
    const { ingest } = await import('./ingest.ts') // Help and a mistyped flag are answered without it.
    const code = await ingest({
      options,
      environment,
      stdout,
      stderr,
      readStdin,
      stopping: host.stopping(),
      resumeCommand: shellCommand([...program, ...shown]),
    })
    host.end(code)
  })
}
