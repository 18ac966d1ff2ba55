import { useState } from 'preact/hooks'
import { drawLine, ticksOf } from './scale.ts'

export interface ChartPoint {
  /** ISO 8601. */
  at: string
  /** Null where nothing was measured. */
  value: number | null
}

const size = { width: 600, height: 170 }
const edge = { left: 52, right: 12, top: 10, bottom: 26 }
const labels = 5

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const timeOf = (at: string): string => clock.format(new Date(at))

/** A line chart over time. It shows the value under the pointer; a table lists all values. */
export function Chart({
  title,
  points,
  format,
  max,
}: {
  /** With the unit. */
  title: string
  points: readonly ChartPoint[]
  format: (value: number) => string
  /** Least height of the axis: small values stay small. */
  max: number
}) {
  const [pointed, setPointed] = useState<number | null>(null)
  const ticks = ticksOf(points.reduce((most, { value }) => Math.max(most, value ?? 0), max))
  const top = ticks.at(-1) ?? 1
  const inner = {
    width: size.width - edge.left - edge.right,
    height: size.height - edge.top - edge.bottom,
  }
  const x = (index: number): number =>
    edge.left + (index / Math.max(1, points.length - 1)) * inner.width
  const y = (value: number): number => edge.top + inner.height * (1 - value / top)
  const line = points.map(({ value }, index) => ({
    x: x(index),
    y: value === null ? undefined : y(value),
  }))
  const point = (event: PointerEvent): void => {
    if (!(event.currentTarget instanceof Element)) return
    const box = event.currentTarget.getBoundingClientRect()
    const within = (((event.clientX - box.left) / box.width) * size.width - edge.left) / inner.width
    const index = Math.round(within * (points.length - 1))
    setPointed(index >= 0 && index < points.length ? index : null)
  }
  const shown = pointed === null ? undefined : points[pointed]
  const at = pointed ?? 0
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span>
        <output>
          {shown !== undefined &&
            `${timeOf(shown.at)}: ${shown.value === null ? 'nothing ended' : format(shown.value)}`}
        </output>
      </figcaption>
      <svg
        viewBox={`0 0 ${size.width} ${size.height}`}
        aria-hidden="true"
        onPointerMove={point}
        onPointerLeave={() => setPointed(null)}
      >
        {ticks.map((tick) => (
          <g key={tick} class="tick">
            <line x1={edge.left} x2={size.width - edge.right} y1={y(tick)} y2={y(tick)} />
            <text x={edge.left - 8} y={y(tick) + 4} text-anchor="end">
              {format(tick)}
            </text>
          </g>
        ))}
        {indexesOf(points.length).map((index) => (
          <text
            key={index}
            class="time"
            x={x(index)}
            y={size.height - 6}
            text-anchor={index === 0 ? 'start' : index === points.length - 1 ? 'end' : 'middle'}
          >
            {timeOf(points[index]?.at ?? '')}
          </text>
        ))}
        <path class="line" d={drawLine(line)} />
        {shown !== undefined && (
          <>
            <line
              class="pointer"
              x1={x(at)}
              x2={x(at)}
              y1={edge.top}
              y2={edge.top + inner.height}
            />
            {shown.value !== null && <circle class="dot" cx={x(at)} cy={y(shown.value)} r="4" />}
          </>
        )}
      </svg>
      <ChartTable title={title} points={points} format={format} />
    </figure>
  )
}

/** Where the axis of time has labels: its ends, and places between. */
const indexesOf = (count: number): number[] =>
  count < labels
    ? []
    : Array.from({ length: labels }, (_, label) => Math.round((label / (labels - 1)) * (count - 1)))

/** The same values, for those who do not see the line. */
function ChartTable({
  title,
  points,
  format,
}: {
  title: string
  points: readonly ChartPoint[]
  format: (value: number) => string
}) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Values</summary>
      {isOpen && (
        <div class="table" role="region" aria-label={title} tabIndex={0}>
          <table>
            <caption class="unseen">{title}</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col" class="number">
                  Value
                </th>
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map(({ at, value }) => (
                <tr key={at}>
                  <td>{timeOf(at)}</td>
                  <td class="number">{value === null ? '–' : format(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
