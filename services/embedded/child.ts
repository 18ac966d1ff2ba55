import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

interface Options {
  /** The process's main.ts. */
  main: string
  /** Node's own flags. */
  flags: string[]
  environment: NodeJS.ProcessEnv
  /** File descriptor that takes its log lines. */
  logFile: number
  /** Called when it ends with a configuration error, or keeps ending. */
  onGivenUp: (exitCode: number) => void
  /** Called with what it sends over IPC. */
  onMessage?: (message: unknown) => void
}

const exitConfiguration = 9
const mostDeaths = 5
const healthyMs = 60_000
const backOffMs = 250

/** Runs one of our processes and starts it again when it dies. It notices by itself when we are gone. */
export function superviseChild(options: Options) {
  const { main, flags, environment, logFile, onGivenUp, onMessage } = options
  let isStopping = false
  let deaths = 0
  let timer: NodeJS.Timeout | undefined
  let child = launch()

  function launch(): ChildProcess {
    const startedAt = performance.now()
    const started = fork(main, [], {
      env: environment,
      execArgv: flags,
      stdio: ['ignore', logFile, logFile, 'ipc'],
    })
    if (onMessage !== undefined) started.on('message', onMessage)
    started.once('exit', (code) => {
      if (isStopping) return
      deaths = performance.now() - startedAt > healthyMs ? 1 : deaths + 1
      if (code === exitConfiguration || deaths >= mostDeaths) return onGivenUp(code ?? 1)
      timer = setTimeout(() => (child = launch()), backOffMs * deaths)
    })
    return started
  }

  return {
    /** Asks it to finish, and ends it at the deadline. */
    async stop(deadlineMs: number): Promise<void> {
      isStopping = true
      clearTimeout(timer)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const hard = setTimeout(() => child.kill('SIGKILL'), deadlineMs)
      await once(child, 'exit')
      clearTimeout(hard)
    },
  }
}

export type SupervisedChild = ReturnType<typeof superviseChild>
