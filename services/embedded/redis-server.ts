import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ScriptoriumError } from '../../shared/errors.ts'

const binaries = ['redis-server', 'valkey-server']
const stopDeadlineMs = 5_000
/** Deaths in a row, each within a minute of its start, after which another start would not help. */
const mostDeaths = 5
const healthyMs = 60_000

interface Options {
  /** Where the append-only file lies: what was on the queue survives the process. */
  folder: string
  /** The PATH to search. */
  searchPath: string
  /** Called when Redis keeps dying. */
  onGivenUp: (reason: string) => void
}

/**
 * Starts a Redis of our own on a unix socket that only this user can open, and starts it again when it dies.
 * It ends with this process, however that ends. Throws `redis_missing`. Its address is known before it answers.
 */
export function startRedisServer({ folder, searchPath, onGivenUp }: Options) {
  const binary = findBinary(searchPath)
  mkdirSync(folder, { recursive: true })
  // A socket's path may have 107 bytes at most; an output folder's may be longer.
  const socketFolder = mkdtempSync(join(tmpdir(), 'scriptorium-'))
  const url = `unix://${join(socketFolder, 'redis.sock')}`
  let deaths = 0
  let isStopping = false
  let server = launch()
  return { url, stop }

  function launch(): { child: ChildProcess; watcher: ChildProcess } {
    const startedAt = performance.now()
    // In a session of its own: the terminal's Ctrl-C is ours to act on, Redis goes last.
    const child = spawn(binary, settings(folder, join(socketFolder, 'redis.sock')), {
      detached: true,
      stdio: 'ignore',
    })
    const watcher = endWithUs(child)
    child.once('error', (error) => onGivenUp(`${binary} does not start: ${error.message}`))
    child.once('exit', (code) => {
      watcher.kill('SIGKILL')
      if (isStopping) return
      deaths = performance.now() - startedAt > healthyMs ? 1 : deaths + 1
      if (deaths >= mostDeaths)
        onGivenUp(`${binary} keeps ending (exit code ${code}); see ${folder}/redis.log`)
      else server = launch()
    })
    return { child, watcher }
  }

  async function stop(): Promise<void> {
    isStopping = true
    const { child } = server
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill('SIGTERM')
      const hard = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs)
      await once(child, 'exit')
      clearTimeout(hard)
    }
    rmSync(socketFolder, { recursive: true, force: true })
  }
}

function settings(folder: string, socket: string): string[] {
  const values = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    maxmemory: '1gb',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    logfile: 'redis.log',
    loglevel: 'warning',
  }
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
}

/**
 * Ends `child` when this process is gone, also by SIGKILL: a shell waits at the end of a pipe that only we hold,
 * and a pipe closes with its holder.
 */
function endWithUs(child: ChildProcess): ChildProcess {
  const script = 'read _; kill -TERM "$0"'
  const watcher = spawn('/bin/sh', ['-c', script, String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  return watcher
}

function findBinary(searchPath: string): string {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '')
  for (const name of binaries) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable)
    if (found !== undefined) return found
  }
  throw new ScriptoriumError(
    'redis_missing',
    'no redis-server or valkey-server is installed; ' +
      "install one: 'apt-get install redis-server', 'dnf install valkey' or 'brew install redis'; or set REDIS_URL",
  )
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
