import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Job } from '../../../shared/contract/messages/job.ts'
import type {
  ReportedInput,
  WorkerReport,
} from '../../../shared/contract/messages/worker-report.ts'
import { pagesWanted } from '../../../shared/contract/page-list.ts'
import type { AskPassword, OpenDocuments, HeldDocument } from '../open/open-documents.ts'
import type { OpenedPage } from '../open/opened.ts'

interface Deps {
  documents: OpenDocuments
  maxBytes: number
  /** Returns the document of the run that claimed this content: ours if it is the first. */
  claim: (job: Job, sha256: string) => Promise<string>
  /** Adds these pages of an opened document to the queue. */
  addPages: (jobId: string, job: Job, pages: readonly number[], pagesTotal: number) => Promise<void>
  /** Returns the password that the job's run was given. */
  password: (job: Job) => Promise<string | undefined>
}

/** A page that this worker is about to read, and its document. */
export interface Opened {
  input: ReportedInput
  pagesTotal: number
  /** Its number, counted from 1. */
  number: number
  page: OpenedPage
}

/**
 * Opens a job's document and the page to read, or reports that there is nothing to read here: the content is known,
 * another document claimed it, or its pages became jobs of their own. Throws a `ScriptoriumError`.
 */
export function createOpening(deps: Deps) {
  const { documents, maxBytes, claim, addPages } = deps

  const decide = async (
    jobId: string,
    job: Job,
    { input, document: { pagesTotal } }: HeldDocument,
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
    const request = { ...job, jobId, maxBytes }
    const askPassword: AskPassword = () => deps.password(job)
    let source = await documents.get(request, askPassword)
    const { input, document } = source
    /** Another file may have ended the decoder process that had it open. */
    const pageOf = async (number: number): Promise<OpenedPage> => {
      try {
        return await source.document.page(number, job.recipe)
      } catch (thrown) {
        const isLost = thrown instanceof ScriptoriumError && thrown.code === 'decoder_failed'
        if (!isLost || !source.document.isLost()) throw thrown
        source = await documents.get(request, askPassword)
        return source.document.page(number, job.recipe)
      }
    }
    try {
      const decision = await decide(jobId, job, source)
      if (typeof decision !== 'number') return decision
      if (decision > document.pagesTotal) {
        throw new ScriptoriumError('page_out_of_range', `no longer has page ${decision}`)
      }
      const page = await pageOf(decision)
      return { input, pagesTotal: document.pagesTotal, number: decision, page }
    } finally {
      await documents.putBack(request, source)
    }
  }
}

export type Opening = ReturnType<typeof createOpening>
