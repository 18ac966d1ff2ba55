import { ScriptoriumError, systemCode, toError, type ErrorCode } from './errors.ts'

type Cause = [code: ErrorCode, message: string]

/**
 * Converts any error to one of ours: the error itself, the failure of Redis, a disk or the ledger behind it, or
 * `internal`. This is the only place that knows how those report that they are full or unreachable; every role's edge
 * uses it.
 */
export function explain(thrown: unknown): ScriptoriumError {
  if (thrown instanceof ScriptoriumError) return thrown
  return (
    causeOf(thrown) ?? new ScriptoriumError('internal', toError(thrown).message, because(thrown))
  )
}

/** Returns the failure of Redis, a disk or the ledger behind an error; undefined for any other error. */
export function causeOf(thrown: unknown): ScriptoriumError | undefined {
  for (const error of behind(thrown)) {
    const [code, message] = redisCause(error) ?? ledgerCause(error) ?? systemCause(error) ?? []
    if (code !== undefined) return new ScriptoriumError(code, message ?? '', because(thrown))
  }
  return undefined
}

/** True where a disk or the ledger on it is full or unreachable, so that a retry may succeed. */
export function isStorageTrouble(thrown: unknown): boolean {
  const code = causeOf(thrown)?.code
  return code === 'disk_full' || code === 'storage_unavailable' || code === 'ledger_unavailable'
}

const because = (thrown: unknown): ErrorOptions => ({ cause: thrown })

const deepest = 5

/** Yields an error and its causes: a transaction that Redis rejects hides the reason in `previousErrors`. */
function* behind(thrown: unknown, depth = 0): Generator<Error> {
  if (!(thrown instanceof Error) || depth > deepest) return
  yield thrown
  yield* behind(thrown.cause, depth + 1)
  for (const name of ['errors', 'previousErrors']) {
    const others: unknown = Reflect.get(thrown, name)
    if (Array.isArray(others)) for (const other of others) yield* behind(other, depth + 1)
  }
}

const memoryFull = 'Redis is out of memory; give it more (maxmemory), or wait until work is done'
const diskOfRedisFull = 'Redis cannot write its file; free some space on its disk'
const noAnswer = 'Redis does not answer; try again'
const notReady = 'Redis is starting or failing over; try again'
const refused = 'Redis refuses the service; correct the user and password in REDIS_URL'

/** Matched at the first word of Redis's error reply; scripts put it elsewhere. */
const answers: [RegExp, Cause][] = [
  [/\bOOM\b/, ['redis_full', memoryFull]],
  [/\bMISCONF\b/, ['redis_full', diskOfRedisFull]],
  [
    /^(LOADING|MASTERDOWN|READONLY|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY|NOSCRIPT|UNBLOCKED)\b/,
    ['redis_unreachable', notReady],
  ],
  [/^(NOAUTH|WRONGPASS|NOPERM)\b/, ['redis_unreachable', refused]],
]

/** ioredis's messages for a lost connection. */
const lost =
  /^(Connection is closed|Command aborted due to connection close|Command timed out|Socket timeout|Stream isn't writeable)/

function redisCause(error: Error): Cause | undefined {
  const { name, message } = error
  if (name === 'ReplyError' || message.startsWith('ERR')) {
    return answers.find(([pattern]) => pattern.test(message))?.[1]
  }
  const isLost = name === 'MaxRetriesPerRequestError' || lost.test(message)
  return isLost ? ['redis_unreachable', noAnswer] : undefined
}

const ledgerAway = (message: string): Cause => [
  'ledger_unavailable',
  `the ledger ${message}; try again`,
]

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html; the others are bugs of ours. */
const results: Record<number, Cause> = {
  5: ledgerAway('is locked by another process'),
  6: ledgerAway('is locked'),
  7: ledgerAway('has no memory'),
  8: ledgerAway('cannot be written'),
  10: ledgerAway('cannot be read from its disk'),
  11: ledgerAway('is damaged'),
  13: ['disk_full', 'the disk of the ledger is full; free some space below SCRIPTORIUM_DATA'],
  14: ledgerAway('cannot be opened'),
  15: ledgerAway('is being opened by others'),
  26: ledgerAway('is damaged'),
}

function ledgerCause(error: Error): Cause | undefined {
  if (error.message === 'database is not open') return ledgerAway('was closed') // It was replaced in the meantime.
  const code: unknown = Reflect.get(error, 'errcode')
  return systemCode(error) === 'ERR_SQLITE_ERROR' && typeof code === 'number'
    ? results[code & 0xff]
    : undefined
}

const diskFull: Cause = ['disk_full', 'the disk is full; free some space below SCRIPTORIUM_DATA']
const storageAway = (message: string): Cause => ['storage_unavailable', `${message}; try again`]

const systemCodes: Record<string, Cause> = {
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EIO: storageAway('the disk cannot be read or written'),
  EROFS: storageAway('the disk is read-only'),
  ESTALE: storageAway('the disk is unavailable'),
  EMFILE: storageAway('too many files are open'),
  ENFILE: storageAway('too many files are open'),
  ENOMEM: storageAway('the system has no memory'),
}

const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH'])

/** Redis is the only network peer of a role without an owner file that interprets its errors. */
function systemCause(error: Error): Cause | undefined {
  const code = systemCode(error) ?? ''
  const isOfRedis = networkCodes.has(code) || Reflect.get(error, 'syscall') === 'connect'
  return systemCodes[code] ?? (isOfRedis ? ['redis_unreachable', noAnswer] : undefined)
}
