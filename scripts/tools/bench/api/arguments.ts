import { chooseParts, benchCommand } from '../arguments.ts'
import { number } from '../../common/number-option.ts'
import type { Amounts, ApiPart } from './setting.ts'

interface ApiBenchOptions extends Amounts {
  parts: string[]
  rounds: number
  pages?: string
  json?: string
  /** Folder for V8's CPU profiles of all our processes. */
  profile?: string
}

/** Parses the arguments after the program's name. */
export function parseApiArguments(
  arguments_: readonly string[],
  parts: readonly ApiPart[],
): ApiBenchOptions {
  const command = benchCommand('npm run bench:api --', parts)
    .description('Measures the HTTP API on this machine while the fleet reads.')
    .addOption(
      number(
        '--megabytes <n>',
        'uploads of 1 MB per round and form of upload, in the part uploads',
        300,
      ),
    )
    .addOption(number('--uploads <n>', 'small uploads of the part memory', 10_000))
    .addOption(number('--large-mb <n>', 'size of the file of the part large, MB', 1_000))
    .addOption(number('--bulk <n>', 'files of the concurrent bulk run', 10_000))
    .addOption(number('--tries <n>', 'interactive uploads of the part interactive', 10))
    .addOption(number('--streams <n>', 'open event streams of the part streams', 200))
    .addOption(
      number('--documents <n>', 'documents in the ledger of the part dashboard', 1_000_000),
    )
    .addOption(number('--failures <n>', 'failed documents among them', 200_000))
    .option('--ledger <folder>', 'keep that ledger, and use it again')
    .option('--profile <folder>', 'write CPU profiles of every process; this takes some time')
  const chosen = chooseParts(command, arguments_, parts)
  return { parts: chosen, ...command.opts<Omit<ApiBenchOptions, 'parts'>>() }
}
