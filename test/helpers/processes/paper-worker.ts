import { hash } from 'node:crypto'
import type { Job } from '../../../shared/contract/messages/job.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import { pageJobId, type QueuedJob } from '../../../shared/redis/queue.ts'
import { failedReport, makePage } from '../ledger/records.ts'

interface File {
  content: string
  name: string
}

const sha256Of = (content: string): string => hash('sha256', content)
/** A content that ends in 2 is a document of two pages. */
const pagesOf = (content: string): number => (content.endsWith('2') ? 2 : 1)
const textOf = (content: string, page: number): string => `text of ${content} ${page}`

/**
 * Answers jobs as the fleet does, at any time and more than once: it reads each file as it was when its job was made,
 * claims its content for the run, and reports the document whose claim came first.
 */
export function createPaperWorker() {
  const files = new Map<string, File>()
  const contents = new Map<string, string>()
  const jobs = new Map<string, Job>()
  const claims = new Map<string, string>()

  const claim = (job: Job, sha256: string): string => {
    const key = `${job.runId} ${sha256}`
    const holder = claims.get(key)
    if (holder === undefined || holder === job.insteadOf) claims.set(key, job.documentId)
    return claims.get(key) ?? ''
  }

  const pageReport = (jobId: string, job: Job, content: string, page: number): WorkerReport => ({
    v: 1,
    kind: 'page',
    jobId,
    documentId: job.documentId,
    input: toInput(content),
    pagesTotal: pagesOf(content),
    result: makePage({ page, text: textOf(content, page) }),
  })

  const toInput = (content: string) => ({
    sha256: sha256Of(content),
    bytes: content.length,
    mediaType: 'image/png',
  })

  const answer = (jobId: string): WorkerReport[] => {
    const job = jobs.get(jobId)
    if (job === undefined) return []
    const { documentId } = job
    const file = files.get(`${job.path} ${job.stat}`)
    if (file === undefined) {
      return [failedReport({ jobId, documentId }, { error: { code: 'unstable', message: '' } })]
    }
    const { content } = file
    if (job.page !== undefined) return [pageReport(jobId, job, content, job.page)]
    const about = { v: 1, jobId, documentId, input: toInput(content) } as const
    if (job.mayBeKnown) return [{ ...about, kind: 'hashed' }]
    const of = claim(job, about.input.sha256)
    if (of !== documentId) return [{ ...about, kind: 'duplicate', of }]
    const pagesTotal = pagesOf(content)
    if (pagesTotal === 1) return [pageReport(jobId, job, content, 1)]
    for (const page of [1, 2]) jobs.set(pageJobId(jobId, page), { ...job, page, pagesTotal })
    return [{ ...about, kind: 'expanded', pagesTotal }]
  }

  const pick = (choice: number): string => [...jobs.keys()][choice % Math.max(1, jobs.size)] ?? ''
  return {
    /** The file at a path, with this stat; uploads are named by their hash and have none. */
    knows(path: string, stat: string, content: string, name = path): void {
      files.set(`${path} ${stat}`, { content, name })
      contents.set(sha256Of(content), content)
    },
    take: ({ jobId, job }: QueuedJob): void => void jobs.set(jobId, job),
    jobIds: (): string[] => [...jobs.keys()],
    answer,
    read: (choice: number): WorkerReport[] => answer(pick(choice)),
    fail(choice: number): WorkerReport[] {
      const jobId = pick(choice)
      const job = jobs.get(jobId)
      if (job === undefined) return []
      const { documentId, page = null, pagesTotal = null } = job
      return [failedReport({ jobId, documentId }, { page, pagesTotal })]
    },
    /** The texts of the pages of a document with these bytes. */
    textsOf(sha256: string): string[] {
      const content = contents.get(sha256)
      if (content === undefined) return ['no bytes are known with this hash']
      return [1, 2].slice(0, pagesOf(content)).map((page) => textOf(content, page))
    },
    outputOf: (content: string): string =>
      `${[1, 2]
        .slice(0, pagesOf(content))
        .map((page) => textOf(content, page))
        .join('\f')}\n`,
  }
}
