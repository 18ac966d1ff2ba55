type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** A record's keys are validated by a pattern; `{1,100}$` bounds them, and maxLength beside it is ignored. */
const isBoundedKey = (pattern: string): boolean => /^\^.*\{[0-9]+,[0-9]+\}\$$/.test(pattern)

/**
 * The places of a JSON schema, or of anything that holds some, at which something without a bound is let in: strings, lists
 * and records.
 */
export function unboundedIn(schema: unknown, place = ''): string[] {
  if (!isFields(schema)) return []
  if (Array.isArray(schema)) {
    return schema.flatMap((part, index) => unboundedIn(part, `${place}/${index}`))
  }
  const { type } = schema
  const faults = [
    type === 'string' && !isBoundedString(schema) && `${place}: a string without maxLength`,
    type === 'array' &&
      typeof schema['maxItems'] !== 'number' &&
      `${place}: a list without maxItems`,
    type === 'object' && !isBoundedObject(schema) && `${place}: a record without bounds`,
  ].filter((fault) => fault !== false)
  const below = Object.entries(schema).flatMap(([name, value]) =>
    // The name of a property is no keyword.
    name === 'properties' && isFields(value)
      ? Object.entries(value).flatMap(([key, part]) => unboundedIn(part, `${place}/${key}`))
      : unboundedIn(value, `${place}/${name}`),
  )
  return [...faults, ...below]
}

/** Bytes of a file are counted as they arrive, against configured limits. */
const isBoundedString = (schema: Fields): boolean =>
  schema['format'] === 'binary' ||
  typeof schema['maxLength'] === 'number' ||
  'const' in schema ||
  'enum' in schema

function isBoundedObject(schema: Fields): boolean {
  const { patternProperties, maxProperties, additionalProperties } = schema
  if (isFields(additionalProperties)) return false
  if (!isFields(patternProperties)) return isFields(schema['properties'])
  return (
    typeof maxProperties === 'number' &&
    additionalProperties === false &&
    Object.keys(patternProperties).every(isBoundedKey)
  )
}
