import { Type, type TLiteral, type TUnion } from '@sinclair/typebox'

/** The schema of a string that equals one of `values`. */
export function oneOf<T extends string[]>(
  values: readonly [...T],
  options: { default?: T[number]; description?: string } = {},
): TUnion<{ [K in keyof T]: TLiteral<T[K]> }> {
  const literals = values.map((value) => Type.Literal(value))
  return Type.Union(literals, options) as unknown as TUnion<{ [K in keyof T]: TLiteral<T[K]> }>
}
