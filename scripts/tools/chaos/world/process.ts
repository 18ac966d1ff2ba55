import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { once } from 'node:events'
import { systemCode } from '../../../../shared/process/errors.ts'

/** The end of a process. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** Sends a signal. Returns false if the process has exited. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (thrown) {
    if (systemCode(thrown) === 'ESRCH') return false
    throw thrown
  }
}

interface Command {
  program: string
  arguments: readonly string[]
  folder: string
  environment: NodeJS.ProcessEnv
  /** File for stdout and stderr. */
  log: string
}

/** A process whose output goes to a file. */
export interface Started {
  pid: number
  isRunning: () => boolean
  ended: Promise<Exit>
  /** Sends SIGTERM, and SIGKILL at the deadline. */
  stop: (deadlineMs: number) => Promise<Exit>
}

/** Starts a process in its own group, so that a signal to the group reaches no other process. */
export function startProcess(command: Command): Started {
  const log = openSync(command.log, 'a')
  const child = spawn(command.program, command.arguments, {
    cwd: command.folder,
    env: command.environment,
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const { pid } = child
  if (pid === undefined) throw new Error(`${command.program} does not start`)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const ended = exitOf(child)
  return {
    pid,
    isRunning,
    ended,
    async stop(deadlineMs) {
      if (!isRunning()) return ended
      signalProcess(pid, 'SIGCONT')
      signalProcess(pid, 'SIGTERM')
      const hard = setTimeout(() => signalProcess(pid, 'SIGKILL'), deadlineMs)
      const exit = await ended
      clearTimeout(hard)
      return exit
    },
  }
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}
