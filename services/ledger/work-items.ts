import type { Format } from '../../shared/contract/result/formats.ts'
import { maxDeaths } from '../../shared/hands/suspects.ts'
import type { Document } from './document.ts'

type Pass = Pick<Document, 'id' | 'pass'>

/**
 * The aggregator's work that depends on untrusted content. A document's next pass is another item: it is tried again.
 */
export const workItems = {
  /** The report of a job, or the acceptance of a run. */
  collect: (id: string): string => `collect ${id}`,
  walk: (runId: string): string => `walk ${runId}`,
  /** A batch of a walk, by the number of files before it. */
  plan: (runId: string, seen: number): string => `plan ${runId} ${seen}`,
  file: (documentId: string): string => `file ${documentId}`,
  assemble: ({ id, pass }: Pass): string => `assemble ${id} ${pass}`,
  write: ({ id, pass }: Pass, format: Format): string => `write ${id} ${pass} ${format}`,
  combine: (runId: string, name: string): string => `combine ${runId} ${name}`,
  end: (runId: string): string => `end ${runId}`,
  index: (documentId: string, page: number): string => `index ${documentId} ${page}`,
  command: (id: string): string => `command ${id}`,
  deliver: (id: string): string => `deliver ${id}`,
} as const

/** The first words of items. */
export const stages = {
  walk: 'walk ',
  file: 'file ',
  write: 'write ',
  index: 'index ',
  deliver: 'deliver ',
} as const

const doings: Readonly<Record<string, (detail: string) => string>> = {
  collect: () => 'recording its result; /retry or --retry-failed reads it again',
  walk: () => 'walking its folder; name fewer inputs',
  plan: () => 'planning its files; name fewer inputs',
  file: () =>
    'examining it in its folder; rename it or exclude it (--exclude), or try again with --retry-failed',
  assemble: () => 'assembling its pages; /retry or --retry-failed reads it again',
  write: (format) => `writing its ${format}; --retry-failed or --force tries again`,
  combine: (name) => `writing ${name}; the next run tries again`,
  end: () => 'building its report; the documents themselves have been written',
  index: () => 'indexing its words',
  command: () => 'executing it; send it again, or request less at once',
  deliver: () => 'sending it; redeliver it to try again',
}

/** Names the work over which the aggregator died, and the cure. */
export function describeDeaths(item: string): string {
  const words = item.split(' ')
  const doing = doings[words[0] ?? '']?.(words.at(-1) ?? '') ?? 'working on it'
  return `the aggregator died ${maxDeaths} times while ${doing}`
}
