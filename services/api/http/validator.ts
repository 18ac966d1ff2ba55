import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'

/** Faults that an answer names. A body of 9 MB may have millions: finding all of them takes seconds. */
export const maxFaults = 20

/** Compiles a schema; what it refuses is told with the first faults only. Queries and headers are converted, bodies are not. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = TypeCompiler.Compile(schema)
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : Value.Convert(schema, given)
    if (check.Check(value)) return { value }
    const faults: { message: string; instancePath: string }[] = []
    for (const { message, path } of check.Errors(value)) {
      if (faults.push({ message, instancePath: path }) === maxFaults) break
    }
    // As Fastify's own; problem.ts makes faults of a request of them.
    return { error: Object.assign(new Error('invalid'), { validation: faults }) }
  }
}
