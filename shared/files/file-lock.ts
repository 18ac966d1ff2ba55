import { existsSync, readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createParser } from '../contract/messages/parser.ts'
import { preparePrivateFile, takePrivateFolder, writePrivateFile } from './private-files.ts'
import { Type, type Static } from '@sinclair/typebox'
import { idText, nameText } from '../contract/schema/bounded.ts'

const holderSchema = Type.Object({ pid: Type.Integer(), host: nameText, since: idText })
const parseHolder = createParser('a lock holder', holderSchema)
/** The holder of a lock. */
export type Holder = Static<typeof holderSchema>

/** `findHolder` shares the lock while it looks, and must not make others fail. */
const lookMs = 200

/**
 * Takes a lock that the kernel releases when its process ends, however it ends: SQLite's lock on an open transaction.
 * Returns the release function, or the holder. A lock file with a pid would survive a `kill -9`.
 */
export function takeLock(
  file: string,
  isSecond = false,
): { release: () => void } | { holder: Holder | undefined } {
  takePrivateFolder(dirname(file))
  preparePrivateFile(file)
  const database = new DatabaseSync(file, { timeout: lookMs })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (thrown) {
    database.close()
    if (thrown instanceof Error && /locked/.test(thrown.message))
      return { holder: readHolder(file) }
    if (!isNoDatabase(thrown) || isSecond) throw thrown
    rmSync(file) // It holds no data, and a file that is no database cannot be locked.
    return takeLock(file, true)
  }
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  writePrivateFile(`${file}.holder`, JSON.stringify(holder))
  return { release: () => database.close() }
}

/**
 * Returns the holder of a lock without taking it; undefined where it is free. Needs only permission to read the file.
 */
export function findHolder(file: string): { holder: Holder | undefined } | undefined {
  if (!existsSync(file)) return undefined
  const database = new DatabaseSync(file, { readOnly: true, timeout: 0 })
  try {
    database.exec('SELECT 1 FROM sqlite_schema')
    return undefined
  } catch (thrown) {
    if (thrown instanceof Error && /locked/.test(thrown.message))
      return { holder: readHolder(file) }
    if (isNoDatabase(thrown)) return undefined
    throw thrown
  } finally {
    database.close()
  }
}

const notADatabase = 26
const isNoDatabase = (thrown: unknown): boolean =>
  thrown instanceof Error && Reflect.get(thrown, 'errcode') === notADatabase

function readHolder(file: string): Holder | undefined {
  try {
    return parseHolder(JSON.parse(readFileSync(`${file}.holder`, 'utf8')))
  } catch {
    return undefined // The holder is writing it at this moment.
  }
}

/** The holder's name in messages. */
export const nameHolder = (holder: Holder | undefined): string =>
  holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
