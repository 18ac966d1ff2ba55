import { Option } from 'commander'
import { number } from '../common/number-option.ts'

/** A comma-separated list of names. */
export const nameList = (text: string): string[] => text.split(',').map((name) => name.trim())

/** Options that select pages of a folder. */
export const pageOptions = (): Option[] => [
  new Option('--sets <names>', 'only these folders of PAGES, commas between them').argParser(
    nameList,
  ),
  number('--limit <n>', 'only the first n pages of each set'),
]
