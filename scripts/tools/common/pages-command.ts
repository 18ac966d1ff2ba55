import { Command } from 'commander'
import { number } from './number-option.ts'

/** A command that writes pages into a folder: `--count` of them, the same ones for the same `--seed`. */
export const pagesCommand = (name: string, description: string, count: number): Command =>
  new Command(`npm run ${name} --`)
    .description(description)
    .argument('<folder>', 'where the pages go')
    .addOption(number('--count <n>', 'pages to write', count))
    .option('--seed <text>', 'writes the same pages again', '1')
