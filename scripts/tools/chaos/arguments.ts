import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'

export interface ChaosOptions {
  seed: string
  minutes: number
  /** Folder of the history, and of the logs of a failed round. */
  out: string
  engine: 'quick' | 'real'
  /** A checkout of an older version, to upgrade from. */
  old?: string
  /** Names of the faults to draw from; all if empty. */
  faults: string[]
  /** Files per folder; derived from the speed of the reference run if omitted. */
  files?: number
  /** Seconds between faults, on average. */
  gap: number
  /** The only round to run, counted from 1. */
  round?: number
}

function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('It is a number above 0.')
}

function whole(text: string): number {
  const value = positive(text)
  if (Number.isInteger(value)) return value
  throw new InvalidArgumentError('It is a whole number, 1 or more.')
}

/** Parses the arguments after the program's name. `known` are the names of all faults. */
export function parseChaosArguments(
  arguments_: readonly string[],
  known: readonly string[],
): ChaosOptions {
  const command = new Command('npm run chaos --')
    .description(
      'Injects faults into real processes, heals them, and checks that nothing was lost.',
    )
    .option('--seed <text>', 'selects faults, targets and times', String(Date.now() % 100_000))
    .addOption(
      new Option('--minutes <n>', 'starts no round after n minutes').default(5).argParser(positive),
    )
    .option('--out <folder>', 'folder for history and logs', 'chaos-history')
    .addOption(
      new Option('--engine <name>', 'quick: hashes pixels; real: reads samples/')
        .choices(['quick', 'real'])
        .default('quick'),
    )
    .option('--old <folder>', 'checkout of an older version, to include upgrades among the faults')
    .option('--faults <names>', 'comma-separated faults to draw from (default: all)', '')
    .addOption(
      new Option(
        '--files <n>',
        'files per folder (default: by the speed of the machine)',
      ).argParser(whole),
    )
    .addOption(
      new Option('--gap <seconds>', 'average time between faults').default(2.5).argParser(positive),
    )
    .addOption(new Option('--round <n>', 'run only this round').argParser(whole))
    .addHelpText('after', `\nFaults: ${known.join(', ')}`)
  command.parse([...arguments_], { from: 'user' })
  const { faults, ...options } = command.opts<Omit<ChaosOptions, 'faults'> & { faults: string }>()
  const chosen = faults.split(',').filter((name) => name !== '')
  const unknown = chosen.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    command.error(`unknown fault '${unknown}'; known: ${known.join(', ')}`)
  }
  return {
    ...options,
    faults: chosen,
    out: resolve(options.out),
    ...(options.old !== undefined && { old: resolve(options.old) }),
  }
}
