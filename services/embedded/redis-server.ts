import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ScriptoriumError, systemCode } from '../../shared/errors.ts'

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

  function launch(): ChildProcess {
    const startedAt = performance.now()
    const socket = join(socketFolder, 'redis.sock')
    const started = spawn(
      '/bin/sh',
      ['-c', guard, socketFolder, binary, ...settings(folder, socket)],
      {
        // A session of its own: the terminal's Ctrl-C is ours to act on, Redis goes last.
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    )
    started.once('error', (error) => onGivenUp(`${binary} does not start: ${error.message}`))
    started.once('exit', (code) => {
      endGroup(started) // Were only the shell killed, two servers would write one file.
      if (isStopping) return
      deaths = performance.now() - startedAt > healthyMs ? 1 : deaths + 1
      if (deaths >= mostDeaths)
        onGivenUp(`${binary} keeps ending (exit code ${code}); see ${folder}/redis.log`)
      else server = launch()
    })
    return started
  }

  async function stop(): Promise<void> {
    isStopping = true
    if (server.exitCode === null && server.signalCode === null && server.pid !== undefined) {
      server.stdin?.end()
      const hard = setTimeout(endGroup, stopDeadlineMs, server)
      await once(server, 'exit')
      clearTimeout(hard)
    }
    rmSync(socketFolder, { recursive: true, force: true })
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (thrown) {
    if (systemCode(thrown) !== 'ESRCH') throw thrown // Nobody was left.
  }
}

/**
 * Runs the command that follows `$0` and ends with it; ends the command when standard input closes. Only we hold the
 * other end of that pipe (a shell gives its background jobs no standard input, so it is kept as descriptor 3), and a pipe closes with its holder, also by SIGKILL: so there is no moment at which Redis
 * could outlive us. `$0` is the socket's folder, which has no owner then.
 */
const guard = `
  exec 3<&0
  "$@" 3<&- & server=$!
  { read _ <&3; rm -rf -- "$0"; kill -TERM $server; } & watcher=$!
  wait $server; code=$?
  kill -KILL $watcher 2>/dev/null
  exit $code`

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
