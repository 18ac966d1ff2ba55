import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { toError } from '../process/errors.ts'
import { createFrameReader, toFrame } from './frames.ts'
import { environment, limitMemory } from './limits.ts'
import { createProcessGauge, outOfMemoryKills, type ProcessGauge } from './memory.ts'
import { parseResponse, socketDescriptor, type Request, type Response } from './protocol.ts'

/** The end of a child process that this process did not kill. */
interface ChildDeath {
  signal: NodeJS.Signals | null
  code: number | null
  /** The kernel killed a process for lack of memory during its lifetime. */
  isStarved: boolean
}

/** Rejects a call whose child died. */
export class ChildDied extends Error {
  readonly death: ChildDeath

  constructor(death: ChildDeath, said: string) {
    const how = death.signal ?? `exit code ${death.code}`
    super(`ended unexpectedly (${how})${said === '' ? '' : `: ${said.trim()}`}`)
    this.death = death
  }
}

interface Options {
  script: URL
  maxBytes: number
  /** Arguments that precede `node` on the command line. */
  wrapper: readonly string[]
  /** Added to the environment of every confined process. */
  variables?: Readonly<Record<string, string>>
}

/** A process that answers one request at a time. */
export interface Child {
  /** Rejects with `ChildDied` if the process ends first. */
  ask: (request: Request) => Promise<Response>
  gauge: ProcessGauge
  /** Its last output on stderr. */
  said: () => string
  isAlive: () => boolean
  /** Kills it, even in the middle of a request; resolves once it has exited. */
  end: () => Promise<void>
}

/** A small young generation, as in every role: this work uses memory outside V8's heap. */
const flags = ['--max-semi-space-size=4']
const maxSaid = 2_000
/** Maximum time of a start: it takes 100 ms on an idle machine. */
const startMs = 60_000

/**
 * Starts a process and waits until it is ready. Rejects with `ChildDied`, or with the system's error if the process
 * cannot be created.
 */
export async function startChild({
  script,
  maxBytes,
  wrapper,
  variables,
}: Options): Promise<Child> {
  const kills = outOfMemoryKills()
  const child = launch(script, wrapper, { ...environment, ...variables })
  const { socket, pid } = await channelOf(child)
  const gauge = createProcessGauge(pid)
  const gone = once(child, 'close')
  let said = ''
  let death: ChildDeath | undefined
  let waiting = Promise.withResolvers<Response>()
  const refuse = (why: ChildDeath): void => waiting.reject(new ChildDied(why, said))
  const read = createFrameReader(maxBytes, (message) => waiting.resolve(parseResponse(message)))
  socket.on('data', (chunk) => {
    try {
      read(chunk)
    } catch (thrown) {
      said = toError(thrown).message // Nothing that it sends from here on is trusted.
      child.kill('SIGKILL')
    }
  })
  socket.on('error', () => undefined) // EPIPE: it has exited, and 'close' reports that.
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-maxSaid)
  })
  child.on('close', (code, signal) => {
    death = { signal, code, isStarved: outOfMemoryKills() > kills }
    gauge.close()
    refuse(death)
  })
  const end = async (): Promise<void> => {
    // A caller that awaits its end keeps the parent alive.
    for (const handle of [child, socket, child.stderr])
      if (handle !== null && 'ref' in handle) handle.ref()
    child.kill('SIGKILL')
    if (death === undefined) await gone
  }
  // The timer also keeps a parent alive that has nothing else to do meanwhile.
  const late = setTimeout(() => child.kill('SIGKILL'), startMs)
  await waiting.promise.finally(() => clearTimeout(late))
  await limitMemory(pid, maxBytes, gauge)
  return {
    ask(request) {
      said = ''
      waiting = Promise.withResolvers()
      const { promise } = waiting
      if (death !== undefined) refuse(death)
      else for (const piece of toFrame(request)) socket.write(piece)
      return promise
    },
    gauge,
    said: () => said,
    // The exit is known before all of its output has arrived.
    isAlive: () => child.exitCode === null && child.signalCode === null,
    end,
  }
}

function launch(script: URL, wrapper: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const words = [...wrapper, process.execPath, ...flags, fileURLToPath(script)]
  const [command = '', ...rest] = words
  const child = spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env,
    cwd: '/',
  })
  child.unref() // A parent that has nothing else to do may exit.
  if (child.stderr instanceof Socket) child.stderr.unref()
  return child
}

/** Rejects if the process could not be created. */
async function channelOf(child: ChildProcess): Promise<{ socket: Socket; pid: number }> {
  const { pid } = child
  const socket = child.stdio[socketDescriptor]
  if (pid === undefined) {
    const [error] = await once(child, 'error').catch((thrown: unknown) => [thrown])
    throw toError(error)
  }
  if (!(socket instanceof Socket)) throw new Error('the child process has no socket')
  socket.unref()
  return { socket, pid }
}
