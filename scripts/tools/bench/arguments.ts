import { Command } from 'commander'
import { number } from '../common/number-option.ts'

interface BenchOptions {
  parts: string[]
  rounds: number
  pages?: string
  documents: number
  files: number
  pagesRead: number
  json?: string
}

interface Named {
  name: string
  about: string
}

/** Parses the arguments after the program's name. `parts` are names with their measurements. */
export function parseBenchArguments(
  arguments_: readonly string[],
  parts: readonly Named[],
): BenchOptions {
  const command = benchCommand('npm run bench --', parts)
    .description('Measures Scriptorium on this machine, side by side with the bare engine.')
    .addOption(number('--documents <n>', 'documents of the part pipeline', 4_000))
    .addOption(number('--files <n>', 'files in the larger folder of the part rerun', 100_000))
    .addOption(number('--pages-read <n>', 'pages per worker in the part memory', 2_000))
  return {
    parts: chooseParts(command, arguments_, parts),
    ...command.opts<Omit<BenchOptions, 'parts'>>(),
  }
}

/** A command with the common options of all benches. */
export function benchCommand(name: string, parts: readonly Named[]): Command {
  const names = parts.map((part) => part.name)
  return new Command(name)
    .argument('[part...]', `measurements: ${names.join(', ')}`, names)
    .addOption(number('--rounds <n>', 'runs of each kind; the median counts', 3))
    .option(
      '--pages <folder>',
      'real pages, <set>/<name>.<ext> with <name>.gt.txt beside it (default: ../shared/data/pages, else samples/)',
    )
    .option('--json <file>', 'write the figures as JSON')
    .addHelpText(
      'after',
      `\n${parts.map(({ name: part, about }) => `${part.padEnd(11)}  ${about}`).join('\n')}`,
    )
}

/** Parses the arguments. Returns the names of the chosen parts. */
export function chooseParts(
  command: Command,
  arguments_: readonly string[],
  parts: readonly Named[],
): string[] {
  const names = parts.map(({ name }) => name)
  command.parse([...arguments_], { from: 'user' })
  const chosen: string[] = command.processedArgs[0]
  const unknown = chosen.find((name) => !names.includes(name))
  if (unknown !== undefined) command.error(`unknown part ${unknown}; known: ${names.join(', ')}`)
  return chosen
}
