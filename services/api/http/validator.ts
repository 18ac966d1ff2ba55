import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from '@sinclair/typebox'
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

/** Compiles a schema to a validator. It converts the values of queries and headers, and not those of bodies. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = TypeCompiler.Compile(schema)
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : Value.Convert(schema, given)
    if (check.Check(value)) return { value }
    // In the form of Fastify's own, which problem.ts also converts.
    const validation = firstFaults(check.Errors(value)).map(({ path, message }) => ({
      message,
      instancePath: path,
    }))
    return { error: Object.assign(new Error('invalid'), { validation }) }
  }
}
