import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'

export interface FuzzOptions {
  seed: string
  count: number
  /** Folder for findings and the files that caused them. */
  out: string
  engine: 'quick' | 'real'
  /** Folder of further files to send, each once. */
  corpus?: string
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('It is a whole number, 0 or more.')
}

/** Parses the arguments after the program's name. */
export function parseFuzzArguments(arguments_: readonly string[]): FuzzOptions {
  const command = new Command('npm run fuzz:files --')
    .description(
      'Sends hostile files through ingest and the HTTP API in every output format, each process within the memory of its container, and checks that none is lost and each file gets a stable code.',
    )
    .option('--seed <text>', 'reproduces the same files', String(Date.now()))
    .option('--count <n>', 'number of files', whole, 10_000)
    .option('--out <folder>', 'folder for findings', 'fuzz-out')
    .option('--corpus <folder>', 'folder of further files to send, each once')
    .addOption(
      new Option('--engine <name>', 'quick: hashes pixels; real: Tesseract')
        .choices(['quick', 'real'])
        .default('quick'),
    )
  command.parse([...arguments_], { from: 'user' })
  const options = command.opts<FuzzOptions>()
  return {
    ...options,
    out: resolve(options.out),
    ...(options.corpus !== undefined && { corpus: resolve(options.corpus) }),
  }
}
