import type { Progress } from '../../../shared/contract/messages/progress.ts'

/** Documents to read, and their size. */
export interface Work {
  documents: number
  bytes: number
}

/** A run's speed and remaining time, from its work since this aggregator began or resumed it. */
export function createRunForecast(progress: Progress) {
  const began = performance.now()
  const before = { ended: endedOf(progress), pages: progress.pagesRead }
  let expected: Work | undefined

  return {
    /** Planned documents that have not ended. */
    outstanding: (): number => Math.max(0, progress.planned - endedOf(progress)),
    /** The run's expected total, while the walk is still going on. */
    expects(work: Work): void {
      expected = work
    },
    /** The same, file by file: a dry run records nothing in the ledger. */
    expectsMore(sizes: readonly number[]): void {
      const { documents = 0, bytes = 0 } = expected ?? {}
      const more = sizes.reduce((total, size) => total + size, 0)
      expected = { documents: documents + sizes.length, bytes: bytes + more }
    },
    expected: (): Work | undefined => expected,
    /** Sets `pagesPerSecond`, and `etaSeconds`, which is null until a document has ended. */
    refresh: (): void => {
      const seconds = (performance.now() - began) / 1_000
      const pages = progress.pagesRead - before.pages
      progress.pagesPerSecond = Math.round((100 * pages) / Math.max(seconds, 0.001)) / 100
      const ended = endedOf(progress)
      const documents = ended - before.ended
      const total = progress.planningDone ? progress.planned : expected?.documents
      progress.etaSeconds =
        documents === 0 || total === undefined
          ? null
          : Math.round((Math.max(0, total - ended) * seconds) / documents)
    },
  }
}

const endedOf = ({ done, failed }: Progress): number => done + failed
