import { MultiBar, Presets, type SingleBar } from 'cli-progress'
import type { Progress, RunEvent } from '../../shared/messages.ts'

/** What a person sees while a run goes on. */
export interface View {
  /** One line for every document that needs a word. */
  line: (text: string) => void
  update: (progress: Progress) => void
  close: () => void
}

const plainEveryMs = 5_000

/** A bar on a terminal, a plain line now and then elsewhere; both on `stream`, which is standard error. */
export function createView(stream: NodeJS.WriteStream): View {
  return stream.isTTY ? createBar(stream) : createPlainView(stream)
}

function createBar(stream: NodeJS.WriteStream): View {
  const bars = new MultiBar(
    {
      stream,
      format: '{bar} {percentage}%  {value}/{total}{more}  {rate} pages/s  {left}  {failed} failed',
      hideCursor: true,
      forceRedraw: true,
      clearOnComplete: true,
      fps: 5,
    },
    Presets.shades_classic,
  )
  let bar: SingleBar | undefined
  return {
    line: (text) => (bar === undefined ? stream.write(`${text}\n`) : bars.log(`${text}\n`)),
    update(progress) {
      if (progress.planned === 0) return
      const shown = {
        more: progress.planningDone ? '' : '+',
        rate: progress.pagesPerSecond.toFixed(1),
        left: leftOf(progress),
        failed: progress.failed,
      }
      bar ??= bars.create(progress.planned, 0, shown)
      bar.setTotal(progress.planned)
      bar.update(progress.done + progress.failed, shown)
    },
    close: () => bars.stop(),
  }
}

function createPlainView(stream: NodeJS.WriteStream): View {
  let told = performance.now()
  return {
    line: (text) => stream.write(`${text}\n`),
    update(progress) {
      if (performance.now() - told < plainEveryMs) return
      told = performance.now()
      const { planned, done, failed, pagesPerSecond, planningDone } = progress
      const total = planningDone ? planned : `${planned}+`
      stream.write(
        `${done + failed}/${total} done, ${failed} failed, ${pagesPerSecond.toFixed(1)} pages/s, ${leftOf(progress)}\n`,
      )
    },
    close: () => undefined,
  }
}

function leftOf({ etaSeconds }: Progress): string {
  return etaSeconds === null ? 'time left unknown' : `${formatSeconds(etaSeconds)} left`
}

const pad = (value: number): string => String(value).padStart(2, '0')

/** `1 h 02 min`, `3 min 05 s`, `12 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole >= 3_600)
    return `${Math.floor(whole / 3_600)} h ${pad(Math.floor(whole / 60) % 60)} min`
  return whole >= 60 ? `${Math.floor(whole / 60)} min ${pad(whole % 60)} s` : `${whole} s`
}

/** Lines about a document that was not read, or not written in every format: mostly none. */
export function eventLines({ path, outcome, error, unavailable = [] }: RunEvent): string[] {
  const before = outcome === 'skipped_unchanged' ? 'failed in an earlier run: ' : ''
  const lines = error === null ? [] : [`${before}${error.code}: ${error.message}`]
  for (const { format, code, message } of unavailable) {
    lines.push(`not written as ${format}: ${code}: ${message}`)
  }
  return lines.map((line) => `${showPath(path)}: ${line}`)
}

/** Keeps a path on one line, whatever characters it holds. */
export const showPath = (path: string): string =>
  /\p{Cc}/u.test(path) ? JSON.stringify(path) : path
