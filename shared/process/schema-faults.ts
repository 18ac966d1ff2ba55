import { KindGuard, type TSchema, type TUnion } from '@sinclair/typebox'
import { ValueErrorType, type ValueError } from '@sinclair/typebox/errors'

/** One invalid value: its JSON pointer, and the requirement that it does not meet. The message follows its name. */
export interface SchemaFault {
  path: string
  message: string
}

/**
 * Converts TypeBox's errors, one at a time, to one fault for each invalid value. A body of 9 MB may have millions: the
 * caller stops when it has enough.
 */
export function* faultsOf(errors: Iterable<ValueError>): Generator<SchemaFault> {
  let last: string | undefined
  const missing = new Set<string>()
  for (const error of errors) {
    // TypeBox reports a missing property first as missing, and later as of the wrong type.
    if (error.path === last || missing.has(error.path)) continue
    last = error.path
    if (error.type === ValueErrorType.ObjectRequiredProperty) missing.add(error.path)
    if (KindGuard.IsUnion(error.schema)) yield* faultsOfUnion(error, error.schema)
    else yield { path: error.path, message: messageOf(error) }
  }
}

/** Of a union of objects, only the faults of the one that the value's tag selects help. */
function* faultsOfUnion(error: ValueError, { anyOf: variants }: TUnion): Generator<SchemaFault> {
  const { path, value } = error
  const index = variants.findIndex((variant) => isMeant(variant, value))
  const chosen = error.errors[index]
  if (chosen !== undefined) return yield* faultsOf(chosen)
  const tag = isFields(value) ? tagOf(variants) : undefined
  if (tag === undefined) return yield { path, message: messageOf(error) }
  yield { path: `${path}/${tag.name}`, message: `must be ${anyOf(tag.values)}` }
}

/** Whether a value was meant for an object of a union: its tag is the object's, or there is no other object. */
function isMeant(variant: TSchema, value: unknown): boolean {
  if (!isFields(value) || !KindGuard.IsObject(variant)) return false
  return Object.entries(variant.properties).every(
    ([name, property]) => !KindGuard.IsLiteral(property) || value[name] === property.const,
  )
}

/** The property whose constant tells the objects of a union apart, and its values. */
function tagOf(variants: readonly TSchema[]): { name: string; values: unknown[] } | undefined {
  const objects = variants.filter((variant) => KindGuard.IsObject(variant))
  const names = Object.keys(objects[0]?.properties ?? {})
  for (const name of names) {
    const tags = objects.map(({ properties }) => properties[name])
    const literals = tags.filter((tag) => tag !== undefined && KindGuard.IsLiteral(tag))
    if (literals.length < objects.length) continue
    return { name, values: literals.map((literal) => literal.const) }
  }
  return undefined
}

function messageOf({ type, schema }: ValueError): string {
  switch (type) {
    case ValueErrorType.ObjectRequiredProperty:
      return 'is required'
    case ValueErrorType.ObjectAdditionalProperties:
      return unknownProperty(schema)
    case ValueErrorType.ObjectMinProperties:
      return `must have at least ${schema['minProperties']} properties`
    case ValueErrorType.ObjectMaxProperties:
      return `must have at most ${schema['maxProperties']} properties`
    case ValueErrorType.ArrayUniqueItems:
      return 'must not contain the same value twice'
    case ValueErrorType.String:
    case ValueErrorType.StringMinLength:
    case ValueErrorType.StringMaxLength:
      return `must be ${lengthOf(schema)}`
    default:
      return mustBe(schema)
  }
}

function unknownProperty({ properties, patternProperties }: TSchema): string {
  const [pattern] = Object.keys(isFields(patternProperties) ? patternProperties : {})
  if (pattern !== undefined) return `has an invalid name: it must match ${pattern}`
  const known = Object.keys(isFields(properties) ? properties : {})
  return `is not a known property; known are ${known.join(', ')}`
}

/** `must be an integer between 1 and 13`. */
function mustBe(schema: TSchema): string {
  if (KindGuard.IsString(schema) && schema.pattern !== undefined) return mustMatch(schema)
  return `must be ${nounOf(schema)}`
}

function mustMatch({ pattern, examples, default: given }: TSchema): string {
  const example: unknown = Array.isArray(examples) ? examples[0] : given
  return typeof example === 'string' && example !== ''
    ? `must match ${pattern}, for example ${example}`
    : `must match ${pattern}`
}

/** A value that a schema accepts, as a noun with its article. */
function nounOf(schema: TSchema): string {
  if (KindGuard.IsInteger(schema)) return `an integer${rangeOf(schema)}`
  if (KindGuard.IsNumber(schema)) return `a number${rangeOf(schema)}`
  if (KindGuard.IsBoolean(schema)) return 'true or false'
  if (KindGuard.IsNull(schema)) return 'null'
  if (KindGuard.IsLiteral(schema)) return String(schema.const)
  if (KindGuard.IsArray(schema)) {
    return `an array${amountOf(schema.minItems, schema.maxItems, 'item')}`
  }
  if (KindGuard.IsObject(schema) || KindGuard.IsRecord(schema)) return 'an object'
  if (KindGuard.IsString(schema)) return lengthOf(schema)
  if (KindGuard.IsUnion(schema)) return nounOfUnion(schema)
  return 'a valid value'
}

function nounOfUnion({ anyOf: variants }: TUnion): string {
  const literals = variants.filter((variant) => KindGuard.IsLiteral(variant))
  const others = variants.filter((variant) => !KindGuard.IsLiteral(variant)).map(nounOf)
  const constants = literals.map(({ const: value }) => value)
  const nouns = constants.length === 0 ? others : [anyOf(constants), ...others]
  return [...new Set(nouns)].join(' or ')
}

const anyOf = ([first, ...more]: readonly unknown[]): string =>
  more.length === 0 ? String(first) : `one of ${[first, ...more].join(', ')}`

const lengthOf = ({ minLength, maxLength }: TSchema): string =>
  `a string${amountOf(numberOr(minLength), numberOr(maxLength), 'character')}`

const numberOr = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined

function rangeOf({ minimum, maximum, exclusiveMinimum }: TSchema): string {
  if (exclusiveMinimum !== undefined) return ` greater than ${exclusiveMinimum}`
  if (minimum === undefined) return maximum === undefined ? '' : ` of at most ${maximum}`
  return maximum === undefined ? ` of at least ${minimum}` : ` between ${minimum} and ${maximum}`
}

function amountOf(min: number | undefined, max: number | undefined, unit: string): string {
  const plural = (count: number): string => `${count} ${unit}${count === 1 ? '' : 's'}`
  if (min === undefined || min === 0) return max === undefined ? '' : ` of at most ${plural(max)}`
  return max === undefined ? ` of at least ${plural(min)}` : ` of ${min} to ${plural(max)}`
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
