import type { Static, TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { type Upgrade, dataVersion } from '../schema/upgrades.ts'
import { ScriptoriumError } from '../../process/errors.ts'
import { faultsOf } from '../../process/schema-faults.ts'
import { version } from '../../process/version.ts'

/**
 * Builds a parser that validates everything: throws `bad_message`, which names `what` and the first fault, or
 * `newer_version`. `upgrade` converts data of older versions to the present form.
 */
export function createParser<T extends TSchema>(
  what: string,
  schema: T,
  upgrade: Upgrade = (value) => value,
): (value: unknown) => Static<T> {
  const validator = TypeCompiler.Compile(schema)
  return (given) => {
    requireKnownVersion(what, versionIn(given))
    const value = upgrade(given)
    if (validator.Check(value)) return value
    const [fault] = faultsOf(validator.Errors(value))
    const reason = fault === undefined ? '' : `: ${fault.path || 'it'} ${fault.message}`
    throw new ScriptoriumError('bad_message', `${what} is malformed${reason}`)
  }
}

const versionIn = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'v' in value ? value.v : undefined

/** Throws `newer_version` if `what` has a form that this version does not know yet. */
export function requireKnownVersion(what: string, found: unknown): void {
  if (typeof found !== 'number' || found <= dataVersion) return
  throw new ScriptoriumError(
    'newer_version',
    `${what} was written by a newer Scriptorium (data version ${found}; ${version} knows ${dataVersion}); upgrade this process`,
  )
}
