import { scrubPause } from '../../../shared/contract/pause.ts'
import type { RunReport } from '../../../shared/contract/report.ts'
import { scrub } from '../../../shared/process/host-paths.ts'
import type { RunEvent } from '../../../shared/contract/messages/progress.ts'
import type { OutputDocument } from '../../outputs/format.ts'

/** A code and its message for clients: a library's message may contain folders of the host. */
const shownError = <T extends { message: string }>(error: T): T => ({
  ...error,
  message: scrub(error.message),
})

/** A document as clients see it. */
export const shownDocument = (document: OutputDocument): OutputDocument => ({
  ...document,
  error: document.error && shownError(document.error),
  failedPages: document.failedPages.map((page) => ({ ...page, error: shownError(page.error) })),
})

/** A report as clients see it: `root` is the allow-listed root's name and the path below it. */
export const shownReport = (report: RunReport, root: string): RunReport => ({
  ...report,
  ...(report.error !== undefined && { error: shownError(report.error) }),
  ...(report.pause !== undefined && { pause: scrubPause(report.pause) }),
  root,
  out: '',
})

/** The end of a document, for watchers of its run. */
export const shownEnding = <T extends Omit<RunEvent, 'seq'>>(ending: T): T => ({
  ...ending,
  error: ending.error && shownError(ending.error),
  ...(ending.unavailable !== undefined && { unavailable: ending.unavailable.map(shownError) }),
})
