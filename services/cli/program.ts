import { inspect } from 'node:util'
import { Command, CommanderError } from 'commander'
import { exitCodes } from '../../shared/process/errors.ts'
import { printable } from '../../shared/process/printable.ts'
import { version } from '../../shared/process/version.ts'
import { newCommand } from './command.ts'
import type { Host } from './host.ts'

interface Entry {
  summary: string
  /** Loaded when it is needed: a command starts without the code of the others. */
  load: (host: Host) => Promise<Command>
}

const entries: Readonly<Record<string, Entry>> = {
  ingest: {
    summary: 'read scanned pages: a folder in, text out',
    load: async (host) => (await import('./ingest/command.ts')).ingestCommand(host),
  },
  watch: {
    summary: 'read the files that arrive in a folder, until Ctrl-C',
    load: async (host) => (await import('./ingest/watch/command.ts')).watchCommand(host),
  },
  serve: {
    summary: 'run the whole service: HTTP API, aggregator, workers and Redis',
    load: async (host) => (await import('./serve.ts')).serveCommand(host),
  },
  workers: {
    summary: 'run workers for the services on another machine',
    load: async (host) => (await import('./workers.ts')).workersCommand(host),
  },
  status: {
    summary: 'show the progress or the report of the last run of an output folder',
    load: async (host) => (await import('./status.ts')).statusCommand(host),
  },
  tail: {
    summary: 'print a line for each document that the service reads',
    load: async (host) => (await import('./watch/tail.ts')).tailCommand(host),
  },
  top: {
    summary: 'show the fleet at work: workers, queue, throughput, errors',
    load: async (host) => (await import('./watch/top.ts')).topCommand(host),
  },
  mcp: {
    summary: 'give an agent the tools of a running service (Model Context Protocol)',
    load: async (host) => (await import('./mcp/command.ts')).mcpCommand(host),
  },
  languages: {
    summary: 'list the installed languages, or add some',
    load: async (host) => (await import('./languages/languages.ts')).languagesCommand(host),
  },
  token: {
    summary: 'create a token for the HTTP API',
    load: async (host) => (await import('./token.ts')).tokenCommand(host),
  },
  doctor: {
    summary: 'check this machine and its Redis, and name the cure of each problem',
    load: async (host) => (await import('./operators/doctor/doctor.ts')).doctorCommand(host),
  },
  verify: {
    summary: 'compare the ledger with the files on disk, and repair them',
    load: async (host) => (await import('./operators/verify/verify.ts')).verifyCommand(host),
  },
  backup: {
    summary: 'back up a ledger and its uploads',
    load: async (host) => (await import('./operators/backup/commands.ts')).backupCommand(host),
  },
  restore: {
    summary: 'restore a backup',
    load: async (host) => (await import('./operators/backup/commands.ts')).restoreCommand(host),
  },
  'export-truth': {
    summary: 'write the pages that people corrected, with their texts',
    load: async (host) => (await import('./operators/truth/command.ts')).exportTruthCommand(host),
  },
  completion: {
    summary: 'print a completion script for bash, zsh or fish',
    load: async (host) =>
      (await import('./completion/command.ts')).completionCommand({
        ...host,
        loadProgram: () => createProgram(host),
      }),
  },
}

/** The command of a command line, also of its `--help`; undefined for an unknown one. */
export function commandOf(words: readonly string[]): string | undefined {
  const [first = '', second = ''] = words
  const name = first === 'help' ? second : first
  return Object.hasOwn(entries, name) ? name : undefined
}

/** The program with all its commands; `only` names the one that is loaded, the others have a name and a summary. */
async function createProgram(host: Host, only?: string): Promise<Command> {
  const program = new Command('scriptorium')
    .description('Reads scanned pages in parallel: folders and uploads in, text out.')
    .version(version, '-V, --version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(--help lists all commands)')
    .configureHelp(newCommand('').configureHelp())
  for (const [name, { summary, load }] of Object.entries(entries)) {
    const command = only === undefined || only === name ? await load(host) : newCommand(name)
    program.addCommand(command.summary(summary))
  }
  return program
}

/**
 * Runs the host's command line. Returns the exit code; throws `ScriptoriumError`, and
 * commander's own error, which has been written by then.
 */
export async function run(host: Omit<Host, 'end'>): Promise<number> {
  return execute((whole) => createProgram(whole, commandOf(host.words) ?? ''), host.words, host)
}

/** Runs one command with its words, as `run` does. */
export async function execute<H extends { stderr: Pick<NodeJS.WritableStream, 'write'> }>(
  create: (host: H & Pick<Host, 'end'>) => Command | Promise<Command>,
  words: readonly string[],
  host: H,
): Promise<number> {
  let code: number = exitCodes.done
  const command = await create({ ...host, end: (given) => void (code = given) })
  let isVerbose = false
  const root = command.hook('preAction', (_, acting) => {
    isVerbose = acting.opts()['verbose'] === true
  })
  try {
    await root.parseAsync([...words], { from: 'user' })
  } catch (thrown) {
    if (isVerbose && !(thrown instanceof CommanderError))
      host.stderr.write(`${printable(inspect(thrown))}\n`)
    throw thrown
  }
  return code
}
