import { InvalidArgumentError, type Command } from 'commander'
import { exitCodes } from '../../../../shared/process/errors.ts'
import { newCommand } from '../../command.ts'
import type { Host } from '../../host.ts'
import { addFlag, flag, ingestFlags } from '../arguments.ts'
import { seconds } from '../flag-values.ts'
import { resolveFolders, type WatchOptions } from './options.ts'

/** Flags of `ingest` that concern one run only, or a list of inputs. */
const ofOneRun = new Set([
  'base',
  'follow',
  'combined',
  'report',
  'canary',
  'force',
  'retryFailed',
  'retryWarned',
  'checksum',
  'dryRun',
  'json',
])
const without = {
  follow: false,
  combined: false,
  canary: 0,
  force: false,
  retryFailed: false,
  retryWarned: false,
  checksum: false,
  dryRun: false,
  json: false,
}

/** `watch`: `ingest` for a folder in which files arrive. */
export function watchCommand(host: Host): Command {
  const { environment } = host
  const command = newCommand('watch', {
    quiet: 'print errors only',
    verbose: 'print a line for every document',
  })
    .description(
      'Reads the files that arrive in a folder, each once, until Ctrl-C. The same command continues after a restart.',
    )
    .argument('<folder>', 'folder to watch, with all folders below it')
  const own = [
    flag('--settle <seconds>', 'a file is complete when it has not changed for this long', 'SETTLE')
      .default(3_000, '3')
      .argParser(seconds),
    flag(
      '--poll <seconds>',
      'time between two looks at a folder whose changes the system does not report (SMB, NFS)',
      'POLL',
    )
      .default(10_000, '10')
      .argParser(atLeastOneSecond),
    flag('--move-done <folder>', 'move files here after their reading', 'MOVE_DONE'),
    flag(
      '--failed <folder>',
      'why files failed, and with --move-done the files themselves (default: OUT/failed)',
      'FAILED',
    ),
  ]
  const shared = ingestFlags(environment).filter((option) => !ofOneRun.has(option.attributeName()))
  for (const option of [...shared, ...own]) addFlag(command, option, environment)
  return command.action(async (folder: string) => {
    if (command.getOptionValue('out') === undefined)
      command.error("error: required option '-o, --out <folder>' not specified")
    const options = {
      ...without,
      ...command.opts<Omit<WatchOptions, 'inputs'>>(),
      inputs: [folder],
    }
    const folders = resolveFolders(folder, options)
    const { runWatch } = await import('./run-watch.ts')
    await runWatch({ ...host, options, folders, stopping: host.stopping() })
    host.end(exitCodes.done)
  })
}

function atLeastOneSecond(text: string): number {
  const ms = seconds(text)
  if (ms >= 1_000) return ms
  throw new InvalidArgumentError('Must be a number of seconds between 1 and 86400.')
}
