import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { requireReadable } from '../../../shared/files/folder-access.ts'
import { ledgerFile, openLedger, type Ledger } from '../../ledger/ledger.ts'

/** SQLite's primary codes, without the extended part in the upper bytes. */
const sqlite = { readOnly: 8, cannotOpen: 14, notADatabase: 26 } as const

/**
 * Inspects the ledger in a folder, which may be another user's; undefined if there is none. Throws `input_unreadable`
 * with the reason and the cure, `ledger_unavailable` or `newer_version`.
 */
export function lookAtLedger<T>(folder: string, look: (ledger: Ledger) => T): T | undefined {
  if (!existsSync(folder)) return undefined
  requireReadable('OUT', folder, 'input_unreadable') // A file in a folder without permission seems to be missing.
  const file = ledgerFile(folder)
  if (!existsSync(file)) return undefined
  const hasLog = (): boolean => existsSync(`${file}-wal`)
  try {
    return lookOnce(folder, look, false)
  } catch (thrown) {
    // To read a ledger with a write-ahead log SQLite makes a file beside it, unless a writer has made it: it may not.
    // After an orderly end there is no log, and the file alone is whole.
    if (sqliteCode(thrown) !== sqlite.readOnly || hasLog()) throw explain(file, thrown)
  }
  try {
    const seen = lookOnce(folder, look, true)
    return hasLog() ? lookOnce(folder, look, false) : seen // A run has begun while we looked.
  } catch (thrown) {
    throw explain(file, thrown)
  }
}

function lookOnce<T>(folder: string, look: (ledger: Ledger) => T, isAtRest: boolean): T {
  const ledger = openLedger(folder, { readOnly: true, isAtRest })
  try {
    return look(ledger)
  } finally {
    ledger.close()
  }
}

function sqliteCode(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

function explain(file: string, thrown: unknown): Error {
  const code = sqliteCode(thrown)
  if (code === undefined) return toError(thrown)
  return new ScriptoriumError('input_unreadable', `${file} ${reason(file, code, thrown)}`, {
    cause: thrown,
  })
}

function reason(file: string, code: number, thrown: unknown): string {
  const user = `user ${process.getuid?.()}`
  const owner = `run the command as its owner (user ${statSync(file).uid})`
  if (code === sqlite.notADatabase)
    return 'is not a ledger: it is damaged, or another program wrote it; restore a backup, or choose another output folder'
  if (!isReadable(file)) return `cannot be read by ${user}; grant read permission, or ${owner}`
  if ((code === sqlite.readOnly || code === sqlite.cannotOpen) && existsSync(`${file}-wal`))
    return `belongs to a killed run: only a user with write permission to its folder can read its log; ${owner}`
  return `cannot be read: ${toError(thrown).message}`
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}
