import { Type } from '@sinclair/typebox'
import {
  canonicalRecipe,
  defaultRecipe,
  fingerprintOf,
} from '../../../../shared/contract/recipe.ts'
import { boundedList } from '../../../../shared/contract/schema/bounded.ts'
import {
  described,
  documentIdText,
  exampleSha256,
  sha256Text,
} from '../../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { checkRecipe } from '../../intake/check-options.ts'
import { orNull } from '../../schemas/document.ts'
import { recipeOptionsSchema } from '../../schemas/options.ts'
import { recipeProblems } from '../../schemas/problem-codes.ts'
import type { App, Context } from '../context.ts'

const maxChecked = 1_000
const maxCheckBytes = 256 * 1024

const checkBodySchema = Type.Object(
  {
    documents: described(
      Type.Array(
        Type.Object({
          sha256: described(
            Type.String({ pattern: '^[0-9a-f]{64}$', maxLength: 64 }),
            'SHA-256 of the file, 64 lower-case hex digits.',
            exampleSha256,
          ),
        }),
        { maxItems: maxChecked },
      ),
      'Files to check.',
    ),
    recipe: Type.Optional(recipeOptionsSchema),
  },
  {
    additionalProperties: false,
    title: 'CheckRequest',
    description: 'Files and the recipe.',
    examples: [{ documents: [{ sha256: exampleSha256 }] }],
  },
)

const checkedSchema = Type.Object(
  {
    documents: described(
      boundedList(
        Type.Object({
          sha256: sha256Text,
          status: described(
            oneOf(['known', 'unknown']),
            '`known`: the file was read with this recipe.',
          ),
          documentId: described(
            orNull(documentIdText),
            'Document with the result, null if unknown.',
          ),
        }),
        maxChecked,
      ),
      'The files, in the order of the request.',
    ),
  },
  { description: 'Status of each file.' },
)

/** `POST /v1/documents/check`. */
export function checkDocumentsRoute(app: App, { ledger, identities }: Context): void {
  app.post(
    '/v1/documents/check',
    {
      config: { scope: 'read', problems: recipeProblems },
      bodyLimit: maxCheckBytes,
      schema: {
        operationId: 'checkDocuments',
        summary: 'Check which files were read before',
        description: 'Files that are `known` were read with this recipe and need no upload.',
        tags: ['Documents'],
        body: checkBodySchema,
        response: {
          200: checkedSchema,
        },
      },
    },
    async ({ body }) => {
      const recipe = canonicalRecipe(checkRecipe({ ...defaultRecipe, ...body.recipe }))
      const fingerprint = fingerprintOf(recipe, await identities(recipe))
      const { documents } = ledger.get()
      return {
        documents: body.documents.map(({ sha256 }) => {
          const row = documents.withContent(sha256, fingerprint, '')
          const isKnown = row?.state === 'final'
          return {
            sha256,
            status: isKnown ? ('known' as const) : ('unknown' as const),
            documentId: isKnown ? row.id : null,
          }
        }),
      }
    },
  )
}
