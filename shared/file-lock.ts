import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createParser } from './messages.ts'
import { Type, type Static } from '@sinclair/typebox'

const holderSchema = Type.Object({ pid: Type.Integer(), host: Type.String(), since: Type.String() })
const parseHolder = createParser('a lock holder', holderSchema)
/** Who holds a lock. */
export type Holder = Static<typeof holderSchema>

/**
 * Takes a lock that the kernel gives back when its process ends, however it ends: SQLite's lock on an open
 * transaction. Returns the release, or who holds it. A lock file with a pid in it would outlive a `kill -9`.
 */
export function takeLock(file: string): { release: () => void } | { holder: Holder | undefined } {
  mkdirSync(dirname(file), { recursive: true })
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (thrown) {
    database.close()
    if (thrown instanceof Error && /locked/.test(thrown.message))
      return { holder: readHolder(file) }
    throw thrown
  }
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  writeFileSync(`${file}.holder`, JSON.stringify(holder))
  return { release: () => database.close() }
}

function readHolder(file: string): Holder | undefined {
  try {
    return parseHolder(JSON.parse(readFileSync(`${file}.holder`, 'utf8')))
  } catch {
    return undefined // The holder is just writing it.
  }
}
