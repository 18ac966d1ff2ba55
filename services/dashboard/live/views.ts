/** The answers of the API, as far as the dashboard shows them. A type test compares them with the API's own. */
import type { DocumentError } from '../../../shared/contract/result/error.ts'
import type { Outcome } from '../../../shared/contract/result/outcomes.ts'
import type { WarningCode } from '../../../shared/contract/result/page.ts'
import type { Word } from '../../../shared/contract/result/layout.ts'

export type Status = 'queued' | 'reading' | 'finished'

export interface DocumentRow {
  id: string
  status: Status
  outcome: Outcome | null
  error: DocumentError | null
  blocked: DocumentError | null
  /** Known defects of the text of its pages. */
  warnings: WarningCode[]
  name: string
  runId: string
  tag: string | null
  bytes: number
  sha256: string | null
  mediaType: string | null
  progress: { pagesDone: number; pagesTotal: number | null }
  /** Jobs ahead of it. */
  position: number | null
  etaSeconds: number | null
  attempts: number
  /** Percent. */
  confidence: number | null
  duplicateOf: string | null
  createdAt: string
  finishedAt: string | null
  expiresAt: string | null
}

export type RunStateName =
  | 'active'
  | 'finished'
  | 'interrupted'
  | 'paused'
  | 'cancelled'
  | 'refused'

export interface RunRow {
  id: string
  source: 'folder' | 'upload'
  state: RunStateName
  error: DocumentError | null
  blocked: DocumentError | null
  root: string | null
  path: string | null
  tag: string | null
  /** Documents by outcome; `open` counts those without one. */
  counts: Record<string, number>
  /** False while the folder is still being scanned. */
  isPlanned: boolean
  pagesRead: number | null
  pagesPerSecond: number | null
  etaSeconds: number | null
  pause: { rule: string; message: string; cure: string } | null
  startedAt: string
  finishedAt: string | null
}

/** Failed documents of a run with one error code. */
export interface FailureGroupRow {
  code: string
  count: number
  examples: { id: string; name: string; message: string }[]
}

/** The part of a run's report that is shown. */
export interface ReportRow {
  pageMs: { p50: number; p95: number }
  slowest: ReportPage[]
  leastConfident: ReportPage[]
  workers: { worker: string; pages: number; utilisation: number }[]
  warned?: { count: number; codes: Record<string, number> }
}

export interface ReportPage {
  path: string
  page: number
  ms: number
  confidence: number
}

/** Throughput and errors of a period, in equal steps. */
export interface HistoryRow {
  stepSeconds: number
  points: { at: string; pagesPerSecond: number; errorRate: number | null }[]
  sum: { pages: number; outcomes: Record<string, number> }
}

export interface Queue {
  paused: boolean
  interactive: number
  bulk: number
  active: number
  delayed: number
  failed: number
  uncollected: number
  oldestSeconds: number | null
  pagesPerMinute: number
}

export interface WorkerRow {
  id: string
  pid: number
  host: string
  version: string
  engine: string
  state: 'reading' | 'idle' | 'paused'
  currentPage: string | null
  currentSince?: string | null
  /** Part of the last minute, 0 to 1. */
  utilisation?: number
  pagesDone: number
  rssBytes: number
  startedAt: string
  beatAt: string
}

export interface Hit {
  documentId: string
  name: string
  page: number
  /** HTML with the matches in `<mark>`; shown as text. */
  snippet: string
  words: Word[]
}

/** A page that nobody has checked. */
export interface ReviewRow {
  documentId: string
  name: string
  runId: string
  page: number
  /** Expected share of right words. */
  score: number
  confidence: number
  words: number
}

export interface Readiness {
  ready: boolean
  checks: Record<string, { ok: boolean; detail: string }>
}

export interface CallerView {
  /** Of the token; `anonymous` where the service has none. */
  name: string
  scopes: ('submit' | 'read' | 'admin')[]
  isTokenRequired: boolean
  maxFileBytes: number
}

export interface WebhookRow {
  id: string
  url: string
  events: string[]
  tag: string | null
  createdAt: string
}

export interface DeliveryRow {
  id: string
  event: string
  state: string
  attempts: number
  createdAt: string
  lastStatus: number | null
  lastError: string | null
}

/** One page of a list. */
export interface Listed<T> {
  items: T[]
  nextCursor: string | null
}
