import { Command } from 'commander'
import { start } from '../services/start/start.ts'
import { exitCodes, ScriptoriumError, toError } from '../shared/errors.ts'
import { onSignals } from '../shared/lifecycle.ts'

new Command('npm start')
  .description('Starts Redis, the aggregator, workers and the API. Settings are variables: README.')
  .parse()

const stop = new AbortController()
onSignals(process, () => stop.abort())
try {
  const { stdout, env: environment } = process
  process.exit(await start({ environment, stdout, stopping: stop.signal }))
} catch (thrown) {
  process.stderr.write(`start: ${toError(thrown).message}\n`)
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : exitCodes.other)
}
