import { toError } from '../../../shared/errors.ts'
import { onSignals } from '../../../shared/lifecycle.ts'
import { runPeersBench } from './bench.ts'

const interrupt = new AbortController()
onSignals(process, () => interrupt.abort())
try {
  await runPeersBench({
    arguments: process.argv.slice(2),
    node: process.execPath,
    nodeVersion: process.version,
    environment: process.env,
    stopping: interrupt.signal,
    print: (line) => void process.stdout.write(`${line}\n`),
    say: (line) => void process.stderr.write(`${line}\n`),
  })
} catch (thrown) {
  process.stderr.write(`bench: ${toError(thrown).message}\n`)
  process.exitCode = interrupt.signal.aborted ? 130 : 1
}
