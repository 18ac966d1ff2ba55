/** The process that a command runs in, and its end. */
export interface Host {
  /** The command line after the program's name: the command comes first. */
  words: readonly string[]
  environment: NodeJS.ProcessEnv
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  isRoot: boolean
  /** Reads standard input to its end. */
  readStdin: () => string
  /** Aborted by the first Ctrl-C or SIGTERM. Without a call, a signal ends the process at once. */
  stopping: () => AbortSignal
  /** Calls back with each key that is pressed on the terminal, until the returned function is called. */
  watchKeys: (onKey: (key: string) => void) => () => void
  /** Replaces the command line, which every user of the machine can read. */
  setTitle: (title: string) => void
  /** Called when the process exits for any reason. */
  onExit: (work: () => void) => void
  /** The words by which a person starts a command here: `npx scriptorium ingest`, `npx scriptorium ingest --`. */
  wordsOf: (command: string) => string[]
  /** Sets the exit code. */
  end: (code: number) => void
}
