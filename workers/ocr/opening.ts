import { ScriptoriumError } from '../../shared/errors.ts'
import type { Input, Job, WorkerReport } from '../../shared/messages.ts'
import { pagesWanted } from '../../shared/page-list.ts'
import type { AskPassword, Documents, OpenSource } from './open/documents.ts'
import type { OpenedPage } from './open/opened.ts'

interface Deps {
  documents: Documents
  maxBytes: number
  /** Which document of the run holds this content: ours if it is the first. */
  claim: (job: Job, sha256: string) => Promise<string>
  /** Puts these pages of an opened document on the queue. */
  addPages: (jobId: string, job: Job, pages: readonly number[], pagesTotal: number) => Promise<void>
  /** The password that came with a job's run. */
  password: (job: Job) => Promise<string | undefined>
}

/** A page of a document that is to be read here and now. */
export interface Opened {
  input: Input
  pagesTotal: number
  /** Its number, from 1. */
  number: number
  page: OpenedPage
}

/**
 * Opens a job's document, and the page that is to be read; or reports that there is nothing to read here: its content is
 * known, another document holds it, or its pages have become jobs of their own. Throws a `ScriptoriumError`.
 */
export function createOpening(deps: Deps) {
  const { documents, maxBytes, claim, addPages } = deps

  const decide = async (
    jobId: string,
    job: Job,
    { input, document: { pagesTotal } }: OpenSource,
  ): Promise<WorkerReport | number> => {
    if (job.page !== undefined) return job.page
    const reported = { v: 1, jobId, documentId: job.documentId, input } as const
    if (job.mayBeKnown) return { ...reported, kind: 'hashed' }
    const of = await claim(job, input.sha256)
    if (of !== job.documentId) return { ...reported, kind: 'duplicate', of }
    const pages = pagesWanted(job.recipe.pages, pagesTotal)
    const [first = 1] = pages
    if (pages.length === 1) return first
    await addPages(jobId, job, pages, pagesTotal)
    return { ...reported, kind: 'expanded', pagesTotal }
  }

  return async (jobId: string, job: Job): Promise<Opened | WorkerReport> => {
    const request = { ...job, maxBytes }
    const askPassword: AskPassword = () => deps.password(job)
    const source = await documents.get(request, askPassword)
    const { input, document } = source
    try {
      const decision = await decide(jobId, job, source)
      if (typeof decision !== 'number') return decision
      if (decision > document.pagesTotal) {
        throw new ScriptoriumError('page_out_of_range', `has no page ${decision} any more`)
      }
      const page = await document.page(decision, job.recipe)
      return { input, pagesTotal: document.pagesTotal, number: decision, page }
    } finally {
      await documents.putBack(request, source)
    }
  }
}

export type Opening = ReturnType<typeof createOpening>
