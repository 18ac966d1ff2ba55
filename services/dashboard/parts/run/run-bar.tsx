import type { RunRow } from '../../live/views.ts'
import { Bar } from '../figures.tsx'
import { formatCount } from '../format.ts'
import { isFailure } from '../outcome.tsx'

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

/** Documents of a run: all, and those that have an end. */
export function tallyRun({ counts }: RunRow): { all: number; done: number; failed: number } {
  const all = sum(Object.values(counts))
  const failed = sum(Object.entries(counts).map(([name, count]) => (isFailure(name) ? count : 0)))
  return { all, done: all - (counts['open'] ?? 0), failed }
}

export function RunBar({ run }: { run: RunRow }) {
  const { all, done, failed } = tallyRun(run)
  const more = run.isPlanned ? '' : '+'
  return (
    <span class="progress">
      {run.state === 'active' && <Bar value={done} max={all} label="Documents done" />}
      <span>
        {done === all ? formatCount(all) : `${formatCount(done)} of ${formatCount(all)}`}
        {more}
        {failed > 0 && <span class="failures">, {formatCount(failed)} failed</span>}
      </span>
    </span>
  )
}
