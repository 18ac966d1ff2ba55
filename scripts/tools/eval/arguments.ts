import { Command, Option } from 'commander'
import { pageOptions } from '../accuracy/page-options.ts'
import { number } from '../common/number-option.ts'
import { defaultRecipe, presets, type Preset } from '../../../shared/contract/recipe.ts'

/** The command line of `eval`, parsed. */
export interface EvalOptions {
  pages: string
  preset: Preset
  languages: string
  psm?: number
  workers?: number
  sets?: string[]
  limit?: number
  texts?: string
  against?: 'plain'
  worst: number
  lines: number
  json?: string
}

/** Parses the arguments after the program's name. */
export function parseEvalArguments(arguments_: readonly string[]): EvalOptions {
  const command = new Command('npm run eval --')
    .description(
      'Reads pages with known text, scores the result, and shows the differences of the worst pages.',
    )
    .argument(
      '<pages>',
      'a folder of images with <name>.gt.txt beside <name>.<ext>; folders are sets',
    )
    .addOption(
      new Option('--preset <name>', 'effort per page')
        .choices(presets)
        .default(defaultRecipe.preset),
    )
    .option('-l, --languages <codes>', 'languages of the pages: eng+deu', 'eng')
    .addOption(number('--psm <n>', 'page segmentation mode'))
    .addOption(number('-w, --workers <n>', 'worker processes'))
    .option(
      '--texts <folder>',
      'score these texts, <path>.txt for each page, without reading a page',
    )
    .addOption(
      new Option(
        '--against <reader>',
        'read the pages with the tesseract command, too, and list those that it reads better',
      ).choices(['plain']),
    )
    .addOption(number('--worst <n>', 'pages to show, the worst first', 5))
    .addOption(number('--lines <n>', 'lines of difference to show per page', 20))
    .option('--json <file>', 'write the scores as JSON')
  for (const option of pageOptions()) command.addOption(option)
  command.parse([...arguments_], { from: 'user' })
  const [pages = ''] = command.args
  return { pages, ...command.opts<Omit<EvalOptions, 'pages'>>() }
}
