import type { FastifySchemaCompiler } from 'fastify'
import { Kind, KindGuard, type TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { ValueError } from '@sinclair/typebox/errors'
import { Value } from '@sinclair/typebox/value'
import { faultsOf, type SchemaFault } from '../../../shared/process/schema-faults.ts'

/** Faults that a response names. A body of 9 MB may have millions: finding all of them takes seconds. */
const maxFaults = 20

/** The first faults of a request. */
export const firstFaults = (errors: Iterable<ValueError>): SchemaFault[] => [
  ...faultsOf(errors).take(maxFaults),
]

/** `Value.Convert` truncates 1.5 to 1 for an integer. For a number it stays 1.5, which the check of an integer refuses. */
const acceptFractions = (schema: TSchema): TSchema => {
  if (!KindGuard.IsObject(schema)) return schema
  const properties = Object.entries(schema.properties).map(([name, property]) => [
    name,
    KindGuard.IsInteger(property) ? { ...property, [Kind]: 'Number', type: 'number' } : property,
  ])
  return { ...schema, properties: Object.fromEntries(properties) }
}

/** Compiles a schema to a validator. It converts the values of queries and headers, and not those of bodies. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = TypeCompiler.Compile(schema)
  const convertible = acceptFractions(schema)
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : Value.Convert(convertible, given)
    if (check.Check(value)) return { value }
    // In the form of Fastify's own, which problem.ts also converts.
    const validation = firstFaults(check.Errors(value)).map(({ path, message }) => ({
      message,
      instancePath: path,
    }))
    return { error: Object.assign(new Error('invalid'), { validation }) }
  }
}
