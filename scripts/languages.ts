import { CommanderError } from 'commander'
import { languages } from '../services/languages/languages.ts'
import { exitCodes, ScriptoriumError, toError } from '../shared/errors.ts'

try {
  process.exitCode = await languages(process.argv.slice(2), {
    environment: process.env,
    isRoot: process.getuid?.() === 0,
    stdout: process.stdout,
    stderr: process.stderr,
  })
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode)
  process.stderr.write(`languages: ${toError(thrown).message}\n`)
  process.exitCode = thrown instanceof ScriptoriumError ? thrown.exitCode : exitCodes.other
}
