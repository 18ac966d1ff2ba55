import { Command, InvalidArgumentError, Option } from 'commander'
import { defaultFormats, formats, type Format } from '../../shared/contract.ts'
import { toError } from '../../shared/errors.ts'
import {
  defaultRecipe,
  isLanguageName,
  isPageList,
  parseVariable,
  pdfTexts,
  presets,
  type Recipe,
} from '../../shared/recipe.ts'

/** The command line of `ingest`, parsed. Times are milliseconds. */
export interface IngestOptions {
  inputs: string[]
  out: string
  base?: string
  include: string[]
  exclude: string[]
  includeHidden: boolean
  follow: boolean
  formats: Format[]
  combined: boolean
  report?: string
  languages: string[]
  psm: number
  oem: number
  dpi: number
  preset: Recipe['preset']
  pages: string
  pdfText: Recipe['pdfText']
  /** Travels through Redis only: never in the request, the ledger, a log or the resume command. */
  pdfPassword?: string
  variable: Record<string, string>
  workers?: number
  timeout: number
  attempts: number
  force: boolean
  retryFailed: boolean
  checksum: boolean
  dryRun: boolean
  json: boolean
}

const integer = (lowest: number, highest: number) => (text: string) => {
  const value = Number(text)
  const isInRange = Number.isInteger(value) && value >= lowest && value <= highest
  if (isInRange && text.trim() !== '') return value
  throw new InvalidArgumentError(`It is a whole number from ${lowest} to ${highest}.`)
}

function seconds(text: string): number {
  const value = Number(text)
  if (value >= 0 && value <= 86_400 && text.trim() !== '') return Math.round(value * 1_000)
  throw new InvalidArgumentError('It is a number of seconds, 0 to 86400.')
}

function pageList(text: string): string {
  const pages = text.replaceAll(' ', '')
  if (isPageList(pages)) return pages
  throw new InvalidArgumentError('It is a list of page numbers and ranges from 1: 1-3,7.')
}

const collect = (text: string, before: string[]): string[] => [...before, text]

function collectVariable(text: string, before: Record<string, string>): Record<string, string> {
  try {
    const [name, value] = parseVariable(text)
    return { ...before, [name]: value }
  } catch (thrown) {
    throw new InvalidArgumentError(toError(thrown).message)
  }
}

function formatList(text: string): Format[] {
  const wanted = text.split(',').map((name) => name.trim())
  const known = formats.filter((format) => wanted.includes(format))
  if (known.length === new Set(wanted).size) return known
  throw new InvalidArgumentError(`These are written: ${formats.join(', ')}.`)
}

function languageList(text: string): string[] {
  const languages = text.split('+')
  if (languages.every(isLanguageName)) return languages
  throw new InvalidArgumentError('They are codes with + between them: eng+deu, script/Fraktur.')
}

/** Every flag with its help, its default and the variable of the environment that sets it. */
const options = (environment: Environment): Option[] => [
  flag('-o, --out <folder>', 'where the output goes', 'OUT').makeOptionMandatory(),
  flag(
    '--base <folder>',
    'paths below OUT are relative to this folder (default: the folder given, or the common parent of what is given)',
    'BASE',
  ),
  flag('--include <glob>', 'read only files that match; may be repeated', 'INCLUDE')
    .default([], 'all')
    .argParser(collect),
  flag('--exclude <glob>', 'leave out files that match; may be repeated', 'EXCLUDE')
    .default([], 'none')
    .argParser(collect),
  toggle(
    '--include-hidden',
    'read files and folders whose names begin with a dot',
    'INCLUDE_HIDDEN',
    environment,
  ),
  toggle('--follow', 'follow symbolic links that stay inside the folder', 'FOLLOW', environment),
  flag('-f, --formats <list>', `output formats: ${formats.join(', ')}`, 'FORMATS')
    .default([...defaultFormats], defaultFormats.join(','))
    .argParser(formatList),
  toggle(
    '--combined',
    'one file of everything: OUT/results.ndjson, and results.txt and results.pdf with these formats',
    'COMBINED',
    environment,
  ),
  flag('--report <file>', "write the run's report as JSON", 'REPORT'),
  flag(
    '-l, --languages <codes>',
    'languages of the pages, the main one first: eng+deu',
    'LANGUAGES',
  )
    .default(defaultRecipe.languages, 'eng')
    .argParser(languageList),
  flag('--psm <n>', 'page segmentation mode', 'PSM')
    .default(defaultRecipe.psm)
    .argParser(integer(1, 13)),
  flag('--oem <n>', 'OCR engine mode', 'OEM').default(defaultRecipe.oem).argParser(integer(0, 3)),
  flag('--dpi <n>', 'resolution of the pages, 0 to estimate it', 'DPI')
    .default(defaultRecipe.dpi)
    .argParser(integer(0, 2_400)),
  flag('--preset <name>', 'how much time a page is given: fast, balanced or best', 'PRESET')
    .default(defaultRecipe.preset)
    .choices(presets),
  flag('--pages <list>', 'which pages of each document: 1-3,7', 'PAGES')
    .default(defaultRecipe.pages, 'all')
    .argParser(pageList),
  flag('--pdf-text <how>', 'what becomes of text that a PDF already has', 'PDF_TEXT')
    .default(defaultRecipe.pdfText)
    .choices(pdfTexts),
  flag(
    '--pdf-password <password>',
    'opens encrypted PDFs; others see it in the list of processes, so set the variable instead',
    'PDF_PASSWORD',
  ),
  flag('--variable <name=value>', 'an engine variable; may be repeated', 'VARIABLE')
    .default({}, 'none')
    .argParser(collectVariable),
  flag(
    '-w, --workers <n>',
    'worker processes (default: as the cores and the memory allow)',
    'WORKERS',
  ).argParser(integer(1, 1_024)),
  flag('--timeout <seconds>', "deadline of one page, 0 to go by the page's size", 'TIMEOUT')
    .default(0)
    .argParser(seconds),
  flag('--attempts <n>', 'readings of a page before it is given up', 'ATTEMPTS')
    .default(3)
    .argParser(integer(1, 20)),
  toggle('--force', 'read everything again', 'FORCE', environment),
  toggle('--retry-failed', 'read again what failed in earlier runs', 'RETRY_FAILED', environment),
  toggle(
    '--checksum',
    'compare contents, of input and output, and not only sizes and times',
    'CHECKSUM',
    environment,
  ),
  toggle('-n, --dry-run', 'tell what would be done, and do nothing', 'DRY_RUN', environment),
  toggle('--json', 'one JSON line a document and the summary on stdout', 'JSON', environment),
]

type Environment = Readonly<Record<string, string | undefined>>

/** Commander would take `SCRIPTORIUM_FORCE=0` for yes, so a toggle's variable is read here. */
function toggle(flags: string, help: string, variable: string, environment: Environment): Option {
  const name = `SCRIPTORIUM_${variable}`
  const isSet = !['', '0', 'false', 'no', 'off'].includes((environment[name] ?? '').toLowerCase())
  return new Option(flags, `${help} (env: ${name})`).default(isSet, isSet ? 'set' : undefined)
}

function flag(flags: string, help: string, variable: string): Option {
  return new Option(flags, help).env(`SCRIPTORIUM_${variable}`)
}

/**
 * Parses the arguments after the program's name. Throws commander's own error, with exit code 1 for a bad argument
 * and 0 for `--help`; what it has to say is written by then.
 */
export function parseArguments(
  commandLine: readonly string[],
  environment: Environment,
): IngestOptions {
  const command = new Command('npm run ingest --')
    .description(
      'Reads scanned pages: a folder goes in, text comes out. A run that was ended goes on where it stopped.',
    )
    .argument(
      '<input...>',
      'folders, files, @list.txt (a path on each line) or - (the same on standard input)',
    )
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
  for (const option of options(environment)) {
    // Commander takes an empty variable for a value; compose files set many of those.
    if (option.envVar !== undefined && !environment[option.envVar]) {
      option.description += ` (env: ${option.envVar})`
      delete option.envVar
    }
    command.addOption(option)
  }
  command.addHelpText('after', exitCodeHelp)
  command.parse([...commandLine], { from: 'user' })
  // The variable is the fleet's too: set for one, it says nothing to an ingest that uses services elsewhere.
  const isFleets = environment['REDIS_URL'] && command.getOptionValueSource('workers') === 'env'
  if (isFleets) command.setOptionValue('workers', undefined)
  return { inputs: command.args, ...command.opts<Omit<IngestOptions, 'inputs'>>() }
}

const exitCodeHelp = `
Exit codes:
  0 all done or nothing to do   1 bad arguments   2 some files failed, lack a format, or are still being written
  3 Redis unreachable   4 all failed   5 input unreadable   9 configuration   15 other
  130 interrupted; the same command goes on`
