import { styleText } from 'node:util'
import { onSignals } from '../shared/process/lifecycle.ts'
import { exitCodes, toError } from '../shared/process/errors.ts'
import { guardOutput } from '../shared/process/run-command.ts'
import { runEval } from './tools/eval/eval.ts'
import { plain, type Paint } from './tools/eval/word-diff.ts'

guardOutput(process)
const interrupt = new AbortController()
onSignals(process, () => interrupt.abort())
const colours = { same: 'reset', missing: 'red', added: 'green' } as const
const coloured: Paint = (kind, text) =>
  kind === 'same' ? text : styleText(colours[kind], plain(kind, text), { stream: process.stdout })
try {
  await runEval({
    arguments: process.argv.slice(2),
    node: process.execPath,
    nodeVersion: process.version,
    environment: process.env,
    stopping: interrupt.signal,
    print: (line) => void process.stdout.write(`${line}\n`),
    say: (line) => void process.stderr.write(`${line}\n`),
    width: process.stdout.columns ?? 100,
    paint: coloured,
  })
} catch (thrown) {
  process.stderr.write(`eval: ${toError(thrown).message}\n`)
  process.exitCode = interrupt.signal.aborted ? exitCodes.interrupted : 1
}
