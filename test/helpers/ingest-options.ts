import { newCommand } from '../../services/cli/command.ts'
import { addArguments, readOptions } from '../../services/cli/ingest/arguments.ts'

/** The options of an `ingest` with these words; commander writes to our own standard output and error. */
export function ingestOptions(words: readonly string[], environment: NodeJS.ProcessEnv) {
  const command = newCommand('ingest')
  addArguments(command, environment)
  command.parse([...words], { from: 'user' })
  return readOptions(command, environment)
}
