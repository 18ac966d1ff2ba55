import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { Type, type Static } from '@sinclair/typebox'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { idText, nameText, pathText } from '../../../shared/contract/schema/bounded.ts'

const holderSchema = Type.Object({
  /** Unique to this tenure. */
  id: idText,
  pid: Type.Integer(),
  host: nameText,
  folder: pathText,
  ledger: pathText,
  /** Location of the lock on its folder: `placeOf`. */
  place: pathText,
})
type Holder = Static<typeof holderSchema>
const parseHolder = createParser("a lease's holder", holderSchema)

/** An aggregator that requests the lease; it has the kernel's lock on its folder. */
export type Claimant = Pick<Holder, 'folder' | 'ledger' | 'place'>

/** The holder in a lease's value: a token, a space, and JSON. */
export function holderIn(value: string): Holder | undefined {
  try {
    return parseHolder(JSON.parse(value.slice(value.indexOf(' ') + 1)))
  } catch {
    return undefined // From another version: it is awaited like any other.
  }
}

/** Why `claimant` may not serve the prefix whose lease is `key`. */
export function heldBy(key: string, claimant: Claimant, value: string): ScriptoriumError {
  const holder = holderIn(value)
  const whose = holder?.ledger === claimant.ledger ? 'a copy of this ledger' : 'another ledger'
  const who =
    holder === undefined
      ? 'another aggregator'
      : `process ${holder.pid} on ${holder.host} with ${whose} in ${holder.folder}`
  return new ScriptoriumError(
    'configuration',
    `${key} in Redis is held by ${who}; one aggregator serves a prefix: stop that one, or give ${claimant.folder} a SCRIPTORIUM_PREFIX of its own`,
  )
}

/**
 * Identifies a file on this machine: the same after a restart of its process, in every container; different for a copy.
 */
export function placeOf(file: string): string {
  const { dev, ino } = statSync(file, { bigint: true })
  return `${machine()}:${dev}:${ino}`
}

/** Host names repeat, as in containers; the kernel's boot id does not. */
function machine(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return hostname() // Not Linux.
  }
}
