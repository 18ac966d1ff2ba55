import { signal } from '@preact/signals'
import { ApiProblem, getJson, send } from '../../live/api.ts'
import { sendFile, type UploadWish } from '../../live/send-file.ts'
import { caller, forgetToken, may } from '../../live/session.ts'
import type { DocumentRow } from '../../live/views.ts'
import { showBytes } from '../../parts/format.ts'
import { isFailure } from '../../parts/outcome.tsx'
import { checkFile, type UploadItem } from './upload-item.ts'

const maxSending = 4
const watchedAtATime = 8
const watchMs = 1_500
const progressMs = 200
const shownText = 400
const defaultRetrySeconds = 5

interface Entry extends UploadItem {
  wish: UploadWish
}

/** All files of this tab by number. They stay while other views are shown. */
const entries = new Map<number, Entry>()
/** Counts the changes of `entries`: views that read it are rendered again. */
const changes = signal(0)
let last = 0
let sending = 0
let isWatching = false
let pausedUntil = 0

/** Views are rendered at most ten times a second: thousands of files change more often. */
const tellMs = 100
let isTelling = false
function tell(): void {
  if (isTelling) return
  isTelling = true
  setTimeout(() => {
    isTelling = false
    changes.value += 1
  }, tellMs)
}

const change = (entry: Entry, values: Partial<UploadItem>): void => {
  Object.assign(entry, values)
  tell()
}

export const uploads = (): readonly UploadItem[] => (changes.value < 0 ? [] : [...entries.values()])

/** Adds files, and sends those that the service would not refuse. */
export function addFiles(files: readonly File[], wish: UploadWish): void {
  for (const file of files) {
    last += 1
    const maxFileBytes = caller.value?.maxFileBytes ?? Number.POSITIVE_INFINITY
    const reason = checkFile(file, maxFileBytes, showBytes)
    const state = reason === undefined ? 'waiting' : 'refused'
    const entry: Entry = { number: last, file, state, sent: 0, isKnown: false, wish }
    entries.set(last, reason === undefined ? entry : { ...entry, reason })
  }
  changes.value += 1
  sendNext()
}

/** Takes files off the list that are at their end. */
export function clearEnded(): void {
  for (const [number, { state, document }] of entries) {
    const isDone = document?.status === 'finished' || (state === 'accepted' && !may('read'))
    const isEnded = state === 'refused' || isDone
    if (isEnded) entries.delete(number)
  }
  changes.value += 1
}

function sendNext(): void {
  const pauseMs = pausedUntil - Date.now()
  if (pauseMs > 0) {
    setTimeout(sendNext, pauseMs)
    return
  }
  for (const entry of entries.values()) {
    if (sending >= maxSending) return
    if (entry.state === 'waiting') void sendOne(entry)
  }
}

async function sendOne(entry: Entry): Promise<void> {
  sending += 1
  change(entry, { state: 'sending', sent: 0, reason: '' })
  let shownAt = 0
  try {
    const { document, isKnown } = await sendFile(entry.file, entry.wish, (sent) => {
      if (performance.now() - shownAt < progressMs) return
      shownAt = performance.now()
      change(entry, { sent })
    })
    change(entry, { state: 'accepted', sent: 1, document, isKnown })
    void watch()
  } catch (thrown) {
    refuse(entry, thrown)
  } finally {
    sending -= 1
    sendNext()
  }
}

/** Whether the service is away or busy: the same request may succeed later. */
const isPassing = (thrown: unknown): thrown is ApiProblem =>
  thrown instanceof ApiProblem &&
  (thrown.status === 0 || thrown.status === 429 || thrown.status >= 500)

const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

/** A service that is busy, or silent, is asked again; any other refusal stays. */
function refuse(entry: Entry, thrown: unknown): void {
  if (!isPassing(thrown)) {
    if (thrown instanceof ApiProblem && thrown.status === 401) {
      forgetToken('The service does not know this token.')
    }
    change(entry, { state: 'refused', reason: messageOf(thrown) })
    return
  }
  pausedUntil = Date.now() + (thrown.retryAfter ?? defaultRetrySeconds) * 1_000
  change(entry, { state: 'waiting', reason: thrown.message })
}

/** A token that may only submit learns nothing of what it sent. */
const isOpen = ({ state, document, text }: Entry): boolean =>
  may('read') && state === 'accepted' && (document?.status !== 'finished' || text === undefined)

/** Looks after accepted files until each has its text or its failure. */
async function watch(): Promise<void> {
  if (isWatching) return
  isWatching = true
  for (;;) {
    const open = [...entries.values()].filter(isOpen).slice(0, watchedAtATime)
    if (open.length === 0) break
    for (const entry of open) await look(entry).catch((thrown: unknown) => giveUp(entry, thrown))
    await new Promise((resolve) => setTimeout(resolve, watchMs))
  }
  isWatching = false
}

/** The document of a file is asked for again after an outage; a refusal, as of a deleted document, stays. */
function giveUp(entry: Entry, thrown: unknown): void {
  if (isPassing(thrown)) return
  change(entry, { state: 'refused', reason: messageOf(thrown) })
}

async function look(entry: Entry): Promise<void> {
  const route = `/v1/documents/${encodeURIComponent(entry.document?.id ?? '')}`
  const document = await getJson<DocumentRow>(route)
  if (document.status !== 'finished') return change(entry, { document })
  const hasText = document.outcome !== null && !isFailure(document.outcome)
  change(entry, { document, text: hasText ? await beginningOf(route) : '' })
}

async function beginningOf(route: string): Promise<string> {
  const result = await send(`${route}/result?format=txt`)
  const text = (await result.text()).trim().replaceAll(/\s*\n\s*/g, '\n')
  return text.length > shownText ? `${text.slice(0, shownText)} …` : text
}
