import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import { systemCode } from '../process/errors.ts'
import { createParser } from '../contract/messages/parser.ts'
import { idText, pathText } from '../contract/schema/bounded.ts'

/** A folder in the system's temporary folder. */
interface TemporaryFolder {
  path: string
  remove: () => void
}

const prefix = 'scriptorium-'
const ownerFile = 'owner.json'
const ownerSchema = Type.Object({
  pid: Type.Integer(),
  /**
   * Start time of the process, which distinguishes it from a later process with the same id; empty if the system does
   * not report it.
   */
  began: idText,
  /** The machine and, in a container, the PID namespace. */
  place: pathText,
  /** The boot of the machine since which they are valid. */
  boot: idText,
})
type Owner = Static<typeof ownerSchema>
const parseOwner = createParser('the owner of a temporary folder', ownerSchema)

/**
 * Makes a temporary folder owned by this process; `name` gives its purpose. A killed process deletes nothing, so every
 * caller first deletes folders whose owners are gone.
 */
export function makeTemporaryFolder(name: string): TemporaryFolder {
  removeAbandoned()
  const path = mkdtempSync(join(tmpdir(), `${prefix}${name}-`))
  writeFileSync(join(path, ownerFile), JSON.stringify(describe(process.pid)))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name)
    if (name.startsWith(prefix) && isOurs(path) && isAbandoned(path))
      rmSync(path, { recursive: true, force: true })
  }
}

/** Everybody may write to the system's temporary folder: entries of others are neither trusted nor followed. */
function isOurs(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.()
}

/** False where that is unknown: the folder is being made, or its owner runs in another container. */
function isAbandoned(path: string): boolean {
  const owner = readOwner(path)
  if (owner === undefined) return false
  const { began, place, boot } = describe(owner.pid)
  if (owner.place !== place) return false
  return owner.boot !== boot || owner.began !== began || !isAlive(owner.pid)
}

function readOwner(path: string): Owner | undefined {
  try {
    return parseOwner(JSON.parse(readFileSync(join(path, ownerFile), 'utf8')))
  } catch {
    return undefined // Not written yet, or deleted by another process that found it abandoned.
  }
}

const describe = (pid: number): Owner => ({
  pid,
  began: beginningOf(pid),
  place: `${hostname()} ${fromProc(() => readlinkSync('/proc/self/ns/pid'))}`,
  boot: fromProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
})

/** Field 22 of `stat`; the second is the command in parentheses, which may contain anything. */
function beginningOf(pid: number): string {
  const stat = fromProc(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** Empty where there is no such process, or no `/proc`. */
function fromProc(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (thrown) {
    return systemCode(thrown) !== 'ESRCH'
  }
}
