import { Type } from '@sinclair/typebox'
import { boundedList, nameText } from '../../../shared/contract/schema/bounded.ts'
import { described } from '../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { scopes } from '../http/auth.ts'
import type { App, Context } from './context.ts'

const nameField = described(nameText, 'Name of the token, `anonymous` without one.', 'scanner')
const scopesField = described(boundedList(oneOf(scopes), 10), 'Scopes of the token.', [
  'submit',
  'read',
])

/** The caller and its rights, and those of others. */
export function callerRoutes(app: App, context: Context): void {
  callerRoute(app, context)
  tokensRoute(app, context)
}

/** `GET /v1/caller`: the actions that a client may offer to the person who uses it. */
function callerRoute(app: App, { tokens, intake }: Context): void {
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
              name: nameField,
              scopes: scopesField,
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

/** `GET /v1/tokens`: never their values, of which the service has hashes only. */
function tokensRoute(app: App, { tokens }: Context): void {
  app.get(
    '/v1/tokens',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listTokens',
        summary: 'List tokens',
        description: 'Names and scopes of the tokens (`SCRIPTORIUM_TOKENS`), without their values.',
        tags: ['Service'],
        response: {
          200: Type.Object(
            {
              items: described(
                boundedList(
                  Type.Object(
                    { name: nameField, scopes: scopesField },
                    { title: 'Token', description: 'A token, without its value.' },
                  ),
                  10_000,
                ),
                'Tokens.',
              ),
            },
            { description: 'Tokens.' },
          ),
        },
      },
    },
    async () => ({ items: tokens.map(({ name, scopes: own }) => ({ name, scopes: [...own] })) }),
  )
}
