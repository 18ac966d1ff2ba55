import { readdirSync } from 'node:fs'
import type { DocumentView } from '../../../../services/api/schemas/document.ts'
import { startApi, type Api } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { waitFor } from '../../../helpers/wait.ts'

/** An API with an aggregator, and ways to submit to it. */
export async function startSubmitting(t: Parameters<typeof startApi>[0]) {
  const api: Api = await startApi(t)
  api.startAggregator()
  let seeds = 0
  return {
    api,
    /** A page that no other test has. */
    newPage: async (name = 'page.png'): Promise<{ name: string; bytes: Buffer }> => {
      seeds += 1
      return { name, bytes: await pngOf(`submit ${seeds}`) }
    },
    submit: <T = DocumentView>(body: unknown, query = '', headers: Record<string, string> = {}) =>
      api.call<T>('POST', `/v1/documents${query}`, { body, headers }),
    /** Drafts are deleted after the answer. */
    nothingLeft: () => waitFor('an empty tmp', () => readdirSync(api.spool.tmp).length === 0),
  }
}
