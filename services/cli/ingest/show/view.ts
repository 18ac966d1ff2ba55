import type { Common } from '../../command.ts'
import { printable, printableName } from '../../../../shared/process/printable.ts'
import type { Estimate, Progress, RunEvent } from '../../../../shared/contract/messages/progress.ts'
import { counted } from '../../counted.ts'

/** Output for a person during a run. */
export interface View {
  /** Writes a line about an error or a document. */
  line: (text: string) => void
  /** Writes a line that a quiet view leaves out. */
  note: (text: string) => void
  update: (progress: Progress) => void
  /** Makes room for another stream to write to the same terminal, or for the end. */
  hide: () => void
}

const plainEveryMs = 5_000
const redrawEveryMs = 200
const defaultColumns = 80
const minBar = 10
const maxBar = 40

/** Erases the terminal's line and leaves the cursor at its beginning. */
export const eraseLine = '\r\u001B[K'

/** A line that is redrawn on a terminal, a plain line now and then elsewhere; both on `stream`, which is standard error. */
export function createView(
  stream: NodeJS.WriteStream,
  terminal: string | undefined,
  { quiet }: Pick<Common, 'quiet'>,
): View {
  if (quiet) return createQuietView(stream)
  return stream.isTTY && terminal !== 'dumb' ? createLiveView(stream) : createPlainView(stream)
}

const createQuietView = (stream: NodeJS.WriteStream): View => ({
  line: (text) => void stream.write(`${printable(text)}\n`),
  note: () => undefined,
  update: () => undefined,
  hide: () => undefined,
})

/**
 * Neither hides the cursor nor switches wrapping off, as progress bars do: a process that is killed could not undo it.
 * A line that is shorter than the terminal is wide needs neither.
 */
function createLiveView(stream: NodeJS.WriteStream): View {
  let shown = ''
  let drawnAt = -Infinity
  const hide = (): void => {
    if (shown !== '') stream.write(eraseLine)
    shown = ''
    drawnAt = -Infinity
  }
  const line = (text: string): void => {
    hide()
    stream.write(`${printable(text)}\n`)
  }
  return {
    hide,
    line,
    note: line,
    update(progress) {
      if (progress.planned === 0 || performance.now() - drawnAt < redrawEveryMs) return
      drawnAt = performance.now()
      // The last column stays free, because a terminal may wrap once it is written.
      const bar = progressLine(progress, (stream.columns || defaultColumns) - 1)
      if (bar === shown) return
      shown = bar
      stream.write(`${eraseLine}${bar}`)
    },
  }
}

function createPlainView(stream: NodeJS.WriteStream): View {
  let toldAt = performance.now()
  const line = (text: string): void => void stream.write(`${printable(text)}\n`)
  return {
    hide: () => undefined,
    line,
    note: line,
    update(progress) {
      if (performance.now() - toldAt < plainEveryMs) return
      toldAt = performance.now()
      stream.write(`${partsOf(progress).join('  ')}\n`)
    },
  }
}

/**
 * A run's progress in at most `width` characters: the counts come first, the rest follows as far as there is room, and
 * a bar takes the room that is left. ASCII only: some terminals draw block characters two columns wide.
 */
export function progressLine(progress: Progress, width: number): string {
  const [counts = '', ...rest] = partsOf(progress)
  let line = counts
  for (const part of rest) {
    if (line.length + part.length + 2 > width) break
    line += `  ${part}`
  }
  const room = Math.min(width - line.length - '[]  '.length, maxBar)
  if (room < minBar) return line.slice(0, width)
  const share = (progress.done + progress.failed) / Math.max(progress.planned, 1)
  const filled = Math.round(Math.min(share, 1) * room)
  return `[${'='.repeat(filled).padEnd(room)}]  ${line}`
}

/** The most important first. */
function partsOf({
  planned,
  done,
  failed,
  pagesPerSecond,
  planningDone,
  etaSeconds,
}: Progress): string[] {
  const counts = `${done + failed}/${planned}${planningDone ? '' : '+'} done, ${failed} failed`
  const rate = `${pagesPerSecond.toFixed(1)} pages/s`
  return etaSeconds === null ? [counts, rate] : [counts, rate, `${formatSeconds(etaSeconds)} left`]
}

const pad = (value: number): string => String(value).padStart(2, '0')

/** `1 h 02 min`, `3 min 05 s`, `12 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole >= 3_600)
    return `${Math.floor(whole / 3_600)} h ${pad(Math.floor(whole / 60) % 60)} min`
  return whole >= 60 ? `${Math.floor(whole / 60)} min ${pad(whole % 60)} s` : `${whole} s`
}

const bases: Readonly<Record<Estimate['basis'], string>> = {
  earlier_run: 'an earlier run with this recipe',
  canary: 'the canary files',
  first_pages: 'the first pages',
}

/** The estimated duration of a run, and whether its output fits on the disk. */
export function estimateLines(estimate: Estimate): string[] {
  const { documents, seconds, outputBytes, freeBytes, basis } = estimate
  const output = formatBytes(outputBytes)
  const free = freeBytes === null ? '' : `; ${formatBytes(freeBytes)} free`
  const about = `Estimate for ${documents} files: ${formatSeconds(seconds)}, ${output} of output (from ${bases[basis]})${free}.`
  const warning =
    'WARNING: the output will not fit on its disk. Free some space, or write to another disk (--out).'
  return isTooLarge(estimate) ? [about, warning] : [about]
}

/** Shorter runs show soon enough by themselves. */
const worthSeconds = 60

/** Prints a run's estimate once, unless the run is short. */
export function createEstimateTeller({ line }: Pick<View, 'line'>) {
  let isTold = false
  return ({ estimate }: Progress): void => {
    if (isTold || estimate === undefined) return
    isTold = true
    if (estimate.seconds < worthSeconds && !isTooLarge(estimate)) return
    for (const text of estimateLines(estimate)) line(text)
  }
}

const isTooLarge = ({ freeBytes, outputBytes }: Estimate): boolean =>
  freeBytes !== null && freeBytes < outputBytes

function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1_000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}

/** Lines about a document that failed or lacks a format; with `verbose`, one about every other document too. */
export function eventLines(
  { path, outcome, pages, ms, error, unavailable = [] }: RunEvent,
  { verbose }: Pick<Common, 'verbose'>,
): string[] {
  const before = outcome === 'skipped_unchanged' ? 'failed in an earlier run: ' : ''
  const told = verbose ? [`${outcome}, ${counted(pages, 'page')}, ${Math.round(ms)} ms`] : []
  const lines = error === null ? told : [`${before}${error.code}: ${error.message}`]
  for (const { format, code, message } of unavailable) {
    lines.push(`not written as ${format}: ${code}: ${message}`)
  }
  return lines.map((line) => `${printableName(path)}: ${line}`)
}

/** Prints once why an active run waits, and once that it continues. */
export function createBlockedLines(line: (text: string) => void) {
  let told: string | undefined
  return ({ state, error }: Progress): void => {
    if (state !== 'active' || error?.message === told) return
    line(error === null ? 'Reading continues.' : `Waiting: ${error.message}`)
    told = error?.message
  }
}
