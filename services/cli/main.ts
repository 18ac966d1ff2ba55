import { readFileSync } from 'node:fs'
import { onSignals } from '../../shared/process/lifecycle.ts'
import { runCommand } from '../../shared/process/run-command.ts'
import { findInvocation } from './invocation.ts'
import { watchKeys } from './watch/keys.ts'
import { commandOf, run } from './program.ts'

const [, script = '', ...words] = process.argv
const command = commandOf(words)
const { env: environment, stdout, stderr } = process
const { folder, wordsOf } = findInvocation({
  script,
  command,
  folder: process.cwd(),
  environment,
})
if (folder !== process.cwd()) process.chdir(folder)

await runCommand(process, command ?? 'scriptorium', () =>
  run({
    words,
    environment,
    stdout,
    stderr,
    isRoot: process.getuid?.() === 0,
    wordsOf,
    readStdin: () => readFileSync(0, 'utf8'),
    stopping() {
      const stop = new AbortController()
      onSignals(process, () => stop.abort())
      return stop.signal
    },
    watchKeys: (onKey) => watchKeys(process.stdin, onKey),
    setTitle: (title) => void (process.title = title),
    onExit: (work) => void process.on('exit', work),
  }),
)
