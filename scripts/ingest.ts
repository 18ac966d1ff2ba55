import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { ingest } from '../services/ingest/ingest.ts'
import { parseArguments } from '../services/ingest/arguments.ts'
import { shellCommand, withoutPassword } from '../services/ingest/shell-command.ts'
import { exitCodes, ScriptoriumError, toError } from '../shared/errors.ts'
import { onSignals } from '../shared/lifecycle.ts'

const interrupt = new AbortController()
onSignals(process, () => interrupt.abort())
// Whoever read our output has gone (`| head`): finish the pages in hand, as after Ctrl-C.
process.stdout.on('error', () => interrupt.abort())
const commandLine = process.argv.slice(2)
const program = process.env['SCRIPTORIUM_INGEST_COMMAND'] ?? 'npm run ingest --'
try {
  const code = await ingest({
    options: parseArguments(commandLine, process.env),
    environment: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    readStdin: () => readFileSync(0, 'utf8'),
    stopping: interrupt.signal,
    resumeCommand: shellCommand([...program.split(' '), ...withoutPassword(commandLine)]),
  })
  process.exit(code)
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode)
  process.stderr.write(`ingest: ${toError(thrown).message}\n`)
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : exitCodes.other)
}
