import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { createParser } from '../../shared/contract/messages/parser.ts'
import { openPrivateFile } from '../../shared/files/private-files.ts'
import { messageText } from '../../shared/contract/schema/bounded.ts'

const maxLogBytes = 10 * 2 ** 20
/** The last fatal line is searched for in this much of the log's end. */
const tailBytes = 64 * 2 ** 10
const fatalStart = '{"level":60'

const parseFatal = createParser(
  'a log line',
  Type.Object({ pid: Type.Integer(), err: Type.Object({ message: messageText }) }),
)

/** The log file of a stack's processes. */
export const logFileOf = (stateFolder: string): string => join(stateFolder, 'scriptorium.log')

/** The previous log. */
const earlierOf = (stateFolder: string): string => `${logFileOf(stateFolder)}.1`

interface LogFile {
  /** File descriptor to which processes append lines. */
  descriptor: number
  close: () => void
}

/**
 * Opens the log for appending. A log that has grown long is started afresh, and one earlier log is kept: both together
 * never grow much beyond twice the size, however long the stack runs and however much it writes. Own code: `pino-roll`
 * and its like rotate the file of one process, and here several processes hold the same one.
 */
export function openLog(
  stateFolder: string,
  { maxBytes = maxLogBytes, lookEveryMs = 5_000 } = {},
): LogFile {
  const file = logFileOf(stateFolder)
  const descriptor = openPrivateFile(file, constants.O_RDWR | constants.O_APPEND)
  const look = (): void => {
    const { size } = fstatSync(descriptor)
    if (size <= maxBytes) return
    // The processes hold this very file open: it is copied and truncated, and they continue at its new end.
    copyTail(descriptor, size, maxBytes, earlierOf(stateFolder))
    ftruncateSync(descriptor)
  }
  look()
  const timer = setInterval(look, lookEveryMs).unref()
  return {
    descriptor,
    close() {
      clearInterval(timer)
      closeSync(descriptor)
    },
  }
}

const pieceBytes = 2 ** 20

function copyTail(from: number, size: number, maxBytes: number, file: string): void {
  const to = openPrivateFile(file, constants.O_WRONLY)
  try {
    ftruncateSync(to)
    const piece = Buffer.alloc(pieceBytes)
    for (let at = Math.max(0, size - maxBytes); at < size;) {
      const bytes = readSync(from, piece, 0, Math.min(piece.length, size - at), at)
      if (bytes === 0) return
      writeSync(to, piece, 0, bytes)
      at += bytes
    }
  } finally {
    closeSync(to)
  }
}

/**
 * Returns the reason that a process logged before it ended, without `pid` that of the latest one; undefined where it
 * logged none.
 */
export function lastFatal(stateFolder: string, pid?: number): string | undefined {
  const files = [logFileOf(stateFolder), earlierOf(stateFolder)].filter((file) => existsSync(file))
  for (const line of files.flatMap((file) => tailOf(file).split('\n').toReversed())) {
    if (!line.startsWith(fatalStart)) continue
    const fatal = fatalOf(line)
    if (fatal !== undefined && (pid === undefined || fatal.pid === pid)) return fatal.err.message
  }
  return undefined
}

function fatalOf(line: string) {
  try {
    return parseFatal(JSON.parse(line))
  } catch {
    return undefined // The line is truncated: it counts as missing.
  }
}

function tailOf(file: string): string {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const start = Math.max(0, size - tailBytes)
    const buffer = Buffer.alloc(size - start)
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, start))
  } finally {
    closeSync(descriptor)
  }
}
