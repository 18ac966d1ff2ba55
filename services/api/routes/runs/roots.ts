import { Type } from '@sinclair/typebox'
import { boundedList, nameText } from '../../../../shared/contract/schema/bounded.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import type { App, Context } from '../context.ts'

/** `GET /v1/roots`: for callers that may start runs. */
export function listRootsRoute(app: App, { roots }: Context): void {
  app.get(
    '/v1/roots',
    {
      config: { scope: 'submit' },
      schema: {
        operationId: 'listRoots',
        summary: 'List roots',
        description: 'Allow-listed folders (`SCRIPTORIUM_ROOTS`) that a run may read, by name.',
        tags: ['Runs'],
        response: {
          200: Type.Object(
            {
              items: described(
                boundedList(
                  Type.Object(
                    { name: described(nameText, 'Name of the root.', 'in') },
                    { title: 'Root', description: 'Folder that a run may read.' },
                  ),
                  1_000,
                ),
                'Roots.',
              ),
            },
            { description: 'Roots.' },
          ),
        },
      },
    },
    async () => ({ items: roots.map(({ name }) => ({ name })) }),
  )
}
