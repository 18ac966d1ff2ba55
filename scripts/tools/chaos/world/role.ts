import type { History } from '../history/history.ts'
import { startProcess, type Exit, type Started } from './process.ts'

export interface RoleCommand {
  /** The checkout that it runs from. */
  repository: string
  environment: NodeJS.ProcessEnv
}

interface Options extends RoleCommand {
  name: string
  node: string
  /** Its main file and Node's flags before it, as its npm script has them. */
  arguments: readonly string[]
  log: string
  history: History
}

/** A long-running process that is started again a second after it ended, as systemd would. */
export interface ChaosRole {
  name: string
  pid: () => number | undefined
  /** Unrequested ends of its processes. */
  exits: Exit[]
  /** Ends it with SIGTERM and starts it again, with other settings where they are given. */
  restart: (command?: Partial<RoleCommand>) => Promise<Exit>
  close: () => Promise<void>
}

const restartMs = 1_000
/** Longer than any role takes to drain. */
const stopMs = 45_000

/** Starts a role. */
export function startRole({
  name,
  node,
  arguments: arguments_,
  log,
  history,
  ...rest
}: Options): ChaosRole {
  let command: RoleCommand = rest
  let current: Started | undefined
  let isClosed = false
  let isRestarting = false
  let timer: NodeJS.Timeout | undefined
  const exits: Exit[] = []

  const launch = (): void => {
    const started = startProcess({
      program: node,
      arguments: arguments_,
      folder: command.repository,
      environment: command.environment,
      log,
    })
    current = started
    void watch(started)
  }
  const watch = async ({ ended }: Started): Promise<void> => {
    const exit = await ended
    history.note('exit', { role: name, ...exit })
    if (isClosed || isRestarting) return
    exits.push(exit)
    timer = setTimeout(launch, restartMs)
  }
  launch()
  return {
    name,
    exits,
    pid: () => (current?.isRunning() === true ? current.pid : undefined),
    async restart(next = {}) {
      isRestarting = true
      clearTimeout(timer)
      const exit = (await current?.stop(stopMs)) ?? { code: null, signal: null }
      command = { ...command, ...next }
      isRestarting = false
      if (!isClosed) launch()
      return exit
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await current?.stop(stopMs)
    },
  }
}
