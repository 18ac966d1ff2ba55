import { basename, join } from 'node:path'
import { packageRoot } from '../../shared/files/package-root.ts'

/** The start of the program: folder and command line. */
interface Invocation {
  /** Relative paths start here. */
  folder: string
  /** The words that start a command in the same way. */
  wordsOf: (command: string) => string[]
}

interface Start {
  /** The program's file as it was called, `process.argv[1]`. */
  script: string
  command: string | undefined
  /** The working folder. */
  folder: string
  environment: NodeJS.ProcessEnv
}

/** npm scripts whose name is not that of their command. */
const npmScripts: Readonly<Record<string, string>> = { serve: 'start' }
const scriptOf = (command: string): string => npmScripts[command] ?? command

/**
 * npm runs a script in the package's folder, and keeps the person's folder in INIT_CWD. npm's variables count
 * only for our own script: a process below another npm script inherits them too.
 */
export function findInvocation({ script, command, folder, environment }: Start): Invocation {
  const event = environment['npm_lifecycle_event']
  const isOurScript =
    command !== undefined &&
    event === scriptOf(command) &&
    environment['npm_package_json'] === join(packageRoot, 'package.json') &&
    folder === packageRoot
  const words = (name: string): string[] => {
    if (isOurScript) return ['npm', 'run', scriptOf(name), '--']
    if (event === 'npx') return ['npx', 'scriptorium', name]
    if (basename(script) === 'scriptorium') return ['scriptorium', name]
    return ['node', script, name]
  }
  const stood = isOurScript ? environment['INIT_CWD'] : undefined
  return { folder: stood || folder, wordsOf: words }
}
