import { status } from '../services/ingest/status.ts'
import { exitCodes, ScriptoriumError, toError } from '../shared/errors.ts'

try {
  process.exitCode = await status(process.argv.slice(2), process.env, process.stdout)
} catch (thrown) {
  process.stderr.write(`status: ${toError(thrown).message}\n`)
  process.exitCode = thrown instanceof ScriptoriumError ? thrown.exitCode : exitCodes.other
}
