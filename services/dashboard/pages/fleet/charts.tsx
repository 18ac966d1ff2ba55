import { useState } from 'preact/hooks'
import { getJson } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { HistoryRow } from '../../live/views.ts'
import { Chart } from '../../parts/chart/chart.tsx'
import { Figures } from '../../parts/figures.tsx'
import { formatCount, formatNumber, formatPercent } from '../../parts/format.ts'
import { Ready } from '../../parts/notice.tsx'
import { nameOutcome } from '../../parts/outcome.tsx'

const periods = { hour: 'Last hour', day: 'Last day' } as const
type Period = keyof typeof periods

const everyMs = 10_000

/** Throughput, error rate and outcomes of the last hour or day. */
export function Charts() {
  const [period, setPeriod] = useState<Period>('hour')
  const route = `/v1/fleet/history?period=${period}`
  const history = useLoaded(route, (signal) => getJson<HistoryRow>(route, signal), everyMs)
  const choose = (name: Period) => (
    <button type="button" aria-pressed={period === name} onClick={() => setPeriod(name)}>
      {periods[name]}
    </button>
  )
  return (
    <section>
      <header class="title">
        <h2>Throughput and errors</h2>
        <span class="choice">
          {choose('hour')}
          {choose('day')}
        </span>
      </header>
      <Ready of={history}>
        {({ points, sum }) => (
          <>
            <div class="halves">
              <Chart
                title="Pages per second"
                points={points.map(({ at, pagesPerSecond: value }) => ({ at, value }))}
                format={formatNumber}
                max={1}
              />
              <Chart
                title="Failed documents, percent of those that ended"
                points={points.map(({ at, errorRate }) => ({
                  at,
                  value: errorRate === null ? null : 100 * errorRate,
                }))}
                format={formatPercent}
                max={10}
              />
            </div>
            <Figures
              figures={[
                { name: 'Pages read', value: formatCount(sum.pages) },
                ...Object.entries(sum.outcomes).map(([name, count]) => ({
                  name: nameOutcome(name),
                  value: formatCount(count),
                })),
              ]}
            />
          </>
        )}
      </Ready>
    </section>
  )
}
