import { spawn, type ChildProcess } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { ScriptoriumError, systemCode } from '../../shared/process/errors.ts'
import { takePrivateFolder } from '../../shared/files/private-files.ts'
import { supervise, type Death } from '../../shared/process/supervisor.ts'
import { makeTemporaryFolder } from '../../shared/files/temporary-folder.ts'

const binaries = ['redis-server', 'valkey-server']
const stopDeadlineMs = 5_000

interface Options {
  /** Folder of the append-only file: the queue survives the process. */
  folder: string
  /** The PATH to search. */
  searchPath: string
  /** Called with the last output of a Redis that died; it is restarted. */
  onDeath?: (death: Death, lastWords: string | undefined) => void
}

/**
 * Starts a private Redis on a unix socket that only this user can open, and restarts it when it dies. It ends with this
 * process, however that ends. Throws `redis_missing`. Its address is known before it answers.
 */
export function startRedisServer({ folder, searchPath, onDeath }: Options) {
  const binary = findBinary(searchPath)
  // A socket's path may have 107 bytes at most; an output folder's may be longer.
  const { path: socketFolder, remove } = makeTemporaryFolder('redis')
  const socket = join(socketFolder, 'redis.sock')
  const server = supervise({
    launch(): ChildProcess {
      // Each time: a cleaner of temporary files may have removed the socket's folder.
      mkdirSync(socketFolder, { recursive: true, mode: 0o700 })
      takePrivateFolder(folder)
      const command = [socketFolder, binary, ...settings(folder, socket)]
      const started = spawn('/bin/sh', ['-c', guard, ...command], {
        // Its own session: we handle the terminal's Ctrl-C, and Redis ends last.
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { PATH: searchPath }, // It needs no tokens and passwords.
      })
      started.once('exit', () => endGroup(started)) // If only the shell is killed, two servers would write one file.
      return started
    },
    onDeath(death) {
      const lastWords = death.code === 1 ? lastWordsIn(folder) : undefined
      if (lastWords !== undefined && unreadable.test(lastWords)) setAside(folder)
      onDeath?.(death, lastWords)
    },
    ask: (child) => child.stdin?.end(),
    force: endGroup,
  })
  return {
    url: `unix://${socket}`,
    async stop(): Promise<void> {
      await server.stop(stopDeadlineMs)
      remove()
    },
  }
}

/** Redis's messages about an unreadable file: a power cut may leave any content. */
const unreadable =
  /(Bad file format|Unrecoverable error) reading the append only file|AOF manifest|append-only dir.*Not a directory/

/**
 * Redis would never start again with this file. It holds no data that the ledger and the inputs cannot restore:
 * unfinished pages are read again.
 */
function setAside(folder: string): void {
  const aside = join(folder, 'appendonlydir.unreadable')
  rmSync(aside, { recursive: true, force: true })
  renameSync(join(folder, 'appendonlydir'), aside)
}

function lastWordsIn(folder: string): string | undefined {
  const file = join(folder, 'redis.log')
  if (!existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.findLast((line) => line !== '')?.replace(/^.*? # /, '')
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (thrown) {
    if (systemCode(thrown) !== 'ESRCH') throw thrown // No process was left.
  }
}

/**
 * Runs the command that follows `$0` and ends with it; ends the command when standard input closes. Only we hold the
 * other end of that pipe (a shell gives its background jobs no standard input, so the pipe is kept as descriptor 3),
 * and a pipe closes with its holder, even on SIGKILL: so Redis never outlives us. `$0` is the socket's folder, which
 * has no owner then.
 */
const guard = `
  umask 077
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

/** Finds the server program for a private Redis. Throws `redis_missing`. */
export function findBinary(searchPath: string): string {
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
