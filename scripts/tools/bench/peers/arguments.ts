import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { nameList, pageOptions } from '../../accuracy/page-options.ts'
import { number } from '../../common/number-option.ts'

/** The command line of `bench:peers`, parsed. */
export interface PeersOptions {
  pages: string
  rounds: number
  cores: number
  languages: string[]
  sets?: string[]
  limit?: number
  only?: string[]
  chart?: string
  texts?: string
  json?: string
}

function languageList(text: string): string[] {
  const languages = text.split('+')
  if (languages.every((language) => /^[A-Za-z0-9_]{2,40}$/.test(language))) return languages
  throw new InvalidArgumentError('They are codes with + between them: eng+deu.')
}

/** Parses the arguments after the program's name. `names` are those of the systems. */
export function parsePeersArguments(
  arguments_: readonly string[],
  names: readonly string[],
): PeersOptions {
  const command = new Command('npm run bench:peers --')
    .description(
      'Reads the same pages with Scriptorium and other OCR programs, in turns, on the same number of cores, with the same models.',
    )
    .argument(
      '<pages>',
      'a folder of images with <name>.gt.txt beside <name>.<ext>; folders are sets',
    )
    .addOption(number('--rounds <n>', 'readings of all pages per system; the median counts', 3))
    .addOption(
      number(
        '--cores <n>',
        'cores and workers of each system (default: all)',
        availableParallelism(),
      ),
    )
    .addOption(
      new Option('-l, --languages <codes>', 'languages of the pages: eng+deu')
        .argParser(languageList)
        .default(['eng'], 'eng'),
    )
    .addOption(
      new Option(
        '--only <names>',
        'comma-separated names, or parts of names, of the systems to run',
      ).argParser(nameList),
    )
    .option('--chart <file>', 'draw accuracy against speed as SVG')
    .option(
      '--texts <folder>',
      'write the texts of the last round of each system, for npm run eval',
    )
    .option('--json <file>', 'write the figures as JSON')
    .addHelpText('after', `\nSystems:\n${names.map((name) => `  ${name}`).join('\n')}`)
  for (const option of pageOptions()) command.addOption(option)
  command.parse([...arguments_], { from: 'user' })
  const [pages = ''] = command.args
  return { pages, ...command.opts<Omit<PeersOptions, 'pages'>>() }
}
