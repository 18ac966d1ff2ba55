import { Option, type Command } from 'commander'
import type { Common } from '../command.ts'
import { defaultFormats, formats, type Format } from '../../../shared/contract/result/formats.ts'
import { existsPolicies, type ExistsPolicy } from '../../../shared/contract/messages/run-request.ts'
import { defaultMaxFailures, type MaxFailures } from '../../../shared/contract/max-failures.ts'
import { defaultRecipe, pdfTexts, presets, type Recipe } from '../../../shared/contract/recipe.ts'
import {
  collectGlob,
  collectVariable,
  failureLimit,
  formatList,
  integerBetween,
  languageList,
  pageList,
  password,
  seconds,
} from './flag-values.ts'

/** The command line of `ingest`, parsed. Times are milliseconds. */
export interface IngestOptions extends Common {
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
  onExists: ExistsPolicy
  maxFailures: MaxFailures
  /** 0 for none. */
  canary: number
  force: boolean
  retryFailed: boolean
  retryWarned: boolean
  checksum: boolean
  dryRun: boolean
  json: boolean
}

/** Flags with their help, their defaults and the variables of the environment that set them. */
export const ingestFlags = (environment: Environment): Option[] => [
  ...fileOptions(environment),
  ...readingOptions(),
  ...runOptions(environment),
]

/** Input and output files. */
const fileOptions = (environment: Environment): Option[] => [
  flag('-o, --out <folder>', 'output folder', 'OUT'),
  flag(
    '--base <folder>',
    'output paths are relative to this folder (default: the input folder, or the common parent of all inputs)',
    'BASE',
  ),
  flag('--include <glob>', 'read only matching files; repeatable', 'INCLUDE')
    .default([], 'all')
    .argParser(collectGlob),
  flag('--exclude <glob>', 'skip matching files; repeatable', 'EXCLUDE')
    .default([], 'none')
    .argParser(collectGlob),
  toggle(
    '--include-hidden',
    'read files and folders whose names start with a dot',
    'INCLUDE_HIDDEN',
    environment,
  ),
  toggle(
    '--follow',
    'follow symbolic links that stay inside the input folder',
    'FOLLOW',
    environment,
  ),
  flag('-f, --formats <list>', `output formats: ${formats.join(', ')}`, 'FORMATS')
    .default([...defaultFormats], defaultFormats.join(','))
    .argParser(formatList),
  toggle(
    '--combined',
    'also write one file of all documents: OUT/results.ndjson, and results.txt and results.pdf with these formats',
    'COMBINED',
    environment,
  ),
  flag('--report <file>', "write the run's report as JSON to this file", 'REPORT'),
]

/** The recipe: languages, engine and preparation of pages. */
const readingOptions = (): Option[] => [
  flag(
    '-l, --languages <codes>',
    'languages of the pages, the main language first: eng+deu',
    'LANGUAGES',
  )
    .default(defaultRecipe.languages, 'eng')
    .argParser(languageList),
  flag('--psm <n>', 'page segmentation mode', 'PSM')
    .default(defaultRecipe.psm)
    .argParser(integerBetween(1, 13)),
  flag('--oem <n>', 'OCR engine mode', 'OEM')
    .default(defaultRecipe.oem)
    .argParser(integerBetween(0, 3)),
  flag('--dpi <n>', 'resolution of the pages, dots per inch; 0 estimates it', 'DPI')
    .default(defaultRecipe.dpi)
    .argParser(integerBetween(0, 2_400)),
  flag('--preset <name>', 'effort per page: fast, balanced or best', 'PRESET')
    .default(defaultRecipe.preset)
    .choices(presets),
  flag('--pages <list>', 'pages to read of each document: 1-3,7', 'PAGES')
    .default(defaultRecipe.pages, 'all')
    .argParser(pageList),
  flag('--pdf-text <how>', 'use of the text that a PDF already contains', 'PDF_TEXT')
    .default(defaultRecipe.pdfText)
    .choices(pdfTexts),
  flag(
    '--pdf-password <password>',
    'password of encrypted PDFs; set the variable instead, because other users can see the process list',
    'PDF_PASSWORD',
  ).argParser(password),
  flag('--variable <name=value>', 'engine variable; repeatable', 'VARIABLE')
    .default({}, 'none')
    .argParser(collectVariable),
]

/** The course of a run. */
const runOptions = (environment: Environment): Option[] => [
  flag(
    '-w, --workers <n>',
    'number of worker processes (default: by cores and memory)',
    'WORKERS',
  ).argParser(integerBetween(1, 1_024)),
  flag('--timeout <seconds>', "timeout of one page; 0 chooses it by the page's size", 'TIMEOUT')
    .default(0)
    .argParser(seconds),
  flag('--attempts <n>', 'attempts per page before it fails', 'ATTEMPTS')
    .default(3)
    .argParser(integerBetween(1, 20)),
  flag(
    '--on-exists <policy>',
    'policy for existing output files that Scriptorium did not write: fail keeps the file and fails the document, skip keeps the file and skips the document, replace overwrites the file',
    'ON_EXISTS',
  )
    .default('fail')
    .choices(existsPolicies),
  flag(
    '--max-failures <limit>',
    'pause after N consecutive failures caused by the service, or when more than P% of the first 200 attempts fail; 0 never pauses',
    'MAX_FAILURES',
  )
    .default(defaultMaxFailures, '50,50%')
    .argParser(failureLimit),
  flag('--canary <n>', 'read n sample files first, and pause if they fail', 'CANARY')
    .default(0, 'none')
    .argParser(integerBetween(0, 10_000)),
  toggle('--force', 'read all files again', 'FORCE', environment),
  toggle(
    '--retry-failed',
    'read files again that failed in earlier runs',
    'RETRY_FAILED',
    environment,
  ),
  toggle(
    '--retry-warned',
    'read pages again that may give more text: a reading was given up in an earlier run',
    'RETRY_WARNED',
    environment,
  ),
  toggle(
    '--checksum',
    'detect changes of input and output by content, not only by size and time',
    'CHECKSUM',
    environment,
  ),
  toggle('-n, --dry-run', 'show the plan; read and write nothing', 'DRY_RUN', environment),
  toggle(
    '--json',
    'print one JSON line per document, and the summary, to standard output',
    'JSON',
    environment,
  ),
]

export type Environment = Readonly<Record<string, string | undefined>>

/** Commander would take `SCRIPTORIUM_FORCE=0` for yes, so a toggle's variable is read here. */
function toggle(flags: string, help: string, variable: string, environment: Environment): Option {
  const name = `SCRIPTORIUM_${variable}`
  const isSet = !['', '0', 'false', 'no', 'off'].includes((environment[name] ?? '').toLowerCase())
  return new Option(flags, `${help} (env: ${name})`).default(isSet, isSet ? 'set' : undefined)
}

export function flag(flags: string, help: string, variable: string): Option {
  return new Option(flags, help).env(`SCRIPTORIUM_${variable}`)
}

/** Adds `ingest`'s arguments and options to its command. Their variables are read when it parses. */
export function addArguments(command: Command, environment: Environment): void {
  command
    .description(
      'Reads scanned pages: a folder in, text out. The same command continues an interrupted run.',
    )
    .argument(
      '<input...>',
      'folders, files, @list.txt (one path a line) or - (the same list on standard input)',
    )
  for (const option of ingestFlags(environment)) addFlag(command, option, environment)
  command.addHelpText('after', exitCodeHelp)
}

/** Commander takes an empty variable for a value; compose files set many of those. */
export function addFlag(command: Command, option: Option, environment: Environment): void {
  if (option.envVar !== undefined && !environment[option.envVar]) {
    option.description += ` (env: ${option.envVar})`
    delete option.envVar
  }
  command.addOption(option)
}

/** The options of a command that has parsed its words. */
export function readOptions(command: Command, environment: Environment): IngestOptions {
  // The variable is also the fleet's: it must not affect an ingest that uses services elsewhere.
  const isFleets = environment['REDIS_URL'] && command.getOptionValueSource('workers') === 'env'
  if (isFleets) command.setOptionValue('workers', undefined)
  // Commander would miss a mandatory option before it names an unknown one: `--ot` for `--out`.
  if (command.getOptionValue('out') === undefined)
    command.error("error: required option '-o, --out <folder>' not specified")
  return { inputs: command.args, ...command.opts<Omit<IngestOptions, 'inputs'>>() }
}

const exitCodeHelp = `
Exit codes:
  0 all read, or nothing to do      1 bad arguments       2 some files failed, lack a format or are still being written
  3 Redis unreachable               4 all files failed    5 input unreadable    9 configuration    15 other error
  75 paused: the service is broken; repair it, then repeat the command
  130 interrupted; repeat the command to continue`
