import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../shared/files/package-root.ts'
import { waitFor } from '../wait.ts'

export const repository = packageRoot

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** One of our programs, running. */
export interface Program {
  pid: number
  stdout: () => string
  stderr: () => string
  /** Signals it alone, or with `group` everything in its process group. */
  kill: (signal: NodeJS.Signals, group?: 'group') => void
  isRunning: () => boolean
  /** Waits for a condition while the process runs; throws its output if it ends earlier. */
  until: <T>(what: string, look: () => T | Promise<T>) => ReturnType<typeof waitFor<T>>
  ended: Promise<Ended>
}

interface Options {
  environment: NodeJS.ProcessEnv
  stdin?: string
  /** The working folder; by itself the repository. */
  folder?: string
}

/** Starts `node script …` in a separate process group, like a shell. */
export const startProgram = (
  script: string,
  arguments_: readonly string[],
  options: Options,
): Program => startCommand(process.execPath, [join(repository, script), ...arguments_], options)

/** Starts any command in a separate process group. */
export function startCommand(
  command: string,
  arguments_: readonly string[],
  { environment, stdin = '', folder = repository }: Options,
): Program {
  const child = spawn(command, arguments_, {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: 'pipe',
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} does not start`)
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.stdin.on('error', () => undefined) // It ended without reading.
  child.stdin.end(stdin)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    pid,
    stdout,
    stderr,
    isRunning,
    kill: (signal, group) => void process.kill(group === undefined ? pid : -pid, signal),
    until: (what, look) =>
      waitFor(what, async () => {
        const seen = await look()
        if (isMissing(seen) && !isRunning()) throw new Error(`ended before ${what}: ${stderr()}`)
        return seen
      }),
    ended: endOf(child, stdout, stderr),
  }
}

const isMissing = (seen: unknown): boolean => seen === undefined || seen === false

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

async function endOf(
  child: ChildProcess,
  stdout: () => string,
  stderr: () => string,
): Promise<Ended> {
  // Not 'close': a process that outlives it may hold its pipes, and is a separate finding.
  await once(child, 'exit')
  await new Promise(setImmediate)
  return { code: child.exitCode, signal: child.signalCode, stdout: stdout(), stderr: stderr() }
}

/**
 * The environment of everything that a test starts: nothing of Scriptorium's leaks in from outside, and temporary
 * files go to `folder`.
 */
export function cleanEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('SCRIPTORIUM_') && !name.startsWith('NODE_') && name !== 'REDIS_URL',
  )
  return {
    ...Object.fromEntries(kept),
    TMPDIR: folder,
    NODE_COMPILE_CACHE: join(repository, 'node_modules/.cache/compile'),
    // A process more for each worker: only tests of the second engine need it.
    SCRIPTORIUM_SECOND_ENGINE: 'off',
  }
}

/** A living process of a test. */
interface Found {
  pid: number
  command: string
}

/**
 * Every live process of a test, with any parent: its environment contains the test's temporary folder. Redis writes its
 * title over its environment, but the title names its socket, which is in that folder.
 */
export function findProcesses(folder: string, part = ''): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({
      pid: Number(name),
      command: read(name, 'cmdline').replaceAll('\0', ' '),
      environment: read(name, 'environ'),
    }))
    .filter(
      ({ command, environment }) =>
        command.includes(folder) || environment.split('\0').includes(`TMPDIR=${folder}`),
    )
    .filter(({ command }) => command.includes(part))
    .map(({ pid, command }) => ({ pid, command }))
}

/** A process that has just ended has nothing to read. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** Waits until all processes of a test have ended by themselves. Kills the others, and throws an error that names them. */
export async function assertNoneLeft(folder: string, deadlineMs = 30_000): Promise<void> {
  let left: Found[] = []
  const isEmpty = (): boolean => {
    left = findProcesses(folder)
    return left.length === 0
  }
  await waitFor('every process has ended', isEmpty, deadlineMs).catch(() => {
    for (const { pid } of left) endHard(pid)
    const names = left.map(({ pid, command }) => `${pid} ${command}`).join('\n')
    throw new Error(`processes were left running:\n${names}`)
  })
}

function endHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
