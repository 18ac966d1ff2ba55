import { Type } from '@sinclair/typebox'
import { boundedList, nameText } from '../../../shared/contract/schema/bounded.ts'
import { described } from '../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { scopes } from '../http/auth.ts'
import type { App, Context } from './context.ts'

/** `GET /v1/caller`: what a client may offer to the person who uses it. */
export function callerRoute(app: App, { tokens, intake }: Context): void {
  app.get(
    '/v1/caller',
    {
      config: { scope: 'any' },
      schema: {
        operationId: 'getCaller',
        summary: 'Get the caller',
        description: 'Name and scopes of the token of this request. Any token may ask.',
        tags: ['Service'],
        response: {
          200: Type.Object(
            {
              name: described(nameText, 'Name of the token, `anonymous` without one.', 'scanner'),
              scopes: described(boundedList(oneOf(scopes), 10), 'Scopes of the token.', [
                'submit',
                'read',
              ]),
              isTokenRequired: described(Type.Boolean(), 'Whether the service has tokens.'),
              maxFileBytes: described(
                Type.Integer({ minimum: 0 }),
                'Maximum size of an uploaded file, bytes.',
                536_870_912,
              ),
            },
            { title: 'Caller', description: 'The caller and its rights.' },
          ),
        },
      },
    },
    async ({ caller: name, token }) => ({
      name,
      scopes: [...(token?.scopes ?? scopes)],
      isTokenRequired: tokens.length > 0,
      maxFileBytes: intake.limits.maxFileBytes,
    }),
  )
}
