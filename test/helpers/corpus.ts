import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './processes/processes.ts'

/** External pages, odd files and schemas, which are beside some checkouts and not part of the repository. */
const corpus = join(repository, '../shared/data')

export const inCorpus = (path: string): string => join(corpus, path)

/** The reason why a test is skipped that needs this folder of the corpus; false where it is there. */
export const withoutCorpus = (path: string): string | false =>
  !existsSync(inCorpus(path)) && `needs ${path} of the corpus, which is not part of the repository`
