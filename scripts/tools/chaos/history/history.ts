import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Result of an operation as its client saw it; `info` where it cannot know (Jepsen's three). */
type Ended = 'ok' | 'fail' | 'info'

/** The record of a campaign, in order, one JSON object per line. */
export interface History {
  folder: string
  note: (what: string, more?: Record<string, unknown>) => void
  /** A client's operation: the request, and its result. */
  operation: (client: string, name: string, ended: Ended, more?: Record<string, unknown>) => void
}

/** Opens a new history in `folder`; logs of failed rounds are kept beside it. */
export function openHistory(folder: string): History {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'history.ndjson')
  writeFileSync(file, '')
  const began = performance.now()
  const note: History['note'] = (what, more = {}) => {
    const ms = Math.round(performance.now() - began)
    appendFileSync(file, `${JSON.stringify({ ms, what, ...more })}\n`)
  }
  return {
    folder,
    note,
    operation: (client, name, ended, more = {}) =>
      note('operation', { client, name, ended, ...more }),
  }
}
