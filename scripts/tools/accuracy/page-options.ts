import { Option } from 'commander'
import { number } from '../common/number-option.ts'

/** A comma-separated list of names. */
export const nameList = (text: string): string[] => text.split(',').map((name) => name.trim())

/** Options that select pages of a folder. */
export const pageOptions = (): Option[] => [
  new Option('--sets <names>', 'comma-separated folders of PAGES to read').argParser(nameList),
  number('--limit <n>', 'read only the first n pages of each set'),
]
