import { placeLabels, type Box, type PlacedLabel } from './chart-labels.ts'
import { linearScale, logarithmicScale, type Scale } from './chart-scale.ts'
import type { Family } from '../systems/system.ts'

/** One system in the chart. */
export interface ChartPoint {
  name: string
  label: string
  family: Family
  f1: number
  pagesPerSecond: number
}

interface Options {
  /** Text below the heading: pages, machine, date. */
  subtitle: string
}

const size = { width: 800, height: 520 }
const area: Box = { left: 64, top: 92, right: 780, bottom: 462 }
const families: Record<Family, { colour: string; legend: string }> = {
  'tesseract.js': { colour: '#1f5fa8', legend: 'Scriptorium, tesseract.js engine' },
  native: { colour: '#b3261e', legend: 'Scriptorium, native engine' },
  peer: { colour: '#5f6368', legend: 'others' },
}
const legendWidth = 256

/** Draws accuracy (word F1) against speed (pages a second, logarithmic) as the text of an SVG file. */
export function drawChart(points: readonly ChartPoint[], { subtitle }: Options): string {
  const xs = logarithmicScale(points.map(({ pagesPerSecond }) => pagesPerSecond))
  const ys = linearScale(points.map(({ f1 }) => f1))
  const placed = points.map((point) => ({
    ...point,
    x: area.left + xs.place(point.pagesPerSecond) * (area.right - area.left),
    y: area.bottom - ys.place(point.f1) * (area.bottom - area.top),
    text: point.label,
  }))
  const lines = [...Map.groupBy(placed, ({ family }) => family)]
    .filter(([family, line]) => family !== 'peer' && line.length > 1)
    .map(([family, line]) => ({ family, line }))
  const labels = placeLabels(
    placed,
    lines.map(({ line }) => line),
    area,
  )
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13" fill="#202124">`,
    '<title>Accuracy against speed</title>',
    `<rect width="${size.width}" height="${size.height}" fill="#ffffff"/>`,
    text(area.left, 28, 'Accuracy against speed', 'font-size="18" font-weight="600"'),
    text(area.left, 48, subtitle, 'fill="#5f6368"'),
    ...drawLegend(families, placed),
    ...drawAxes(xs, ys),
    ...lines.map(({ family, line }) => {
      const corners = line.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ')
      return `<polyline points="${corners}" fill="none" stroke="${families[family].colour}" stroke-width="2" stroke-opacity="0.45"/>`
    }),
    ...labels.flatMap((label, index) =>
      drawLabel(label, families[placed[index]?.family ?? 'peer'].colour),
    ),
    ...placed.map((point) => drawPoint(point)),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

const round = (value: number): string => value.toFixed(1).replace(/\.0$/, '')

const escape = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${attributes === '' ? '' : ` ${attributes}`}>${escape(content)}</text>`

type Placed = ChartPoint & { x: number; y: number }

/** A disc for ours, a diamond for others: distinguishable without colour. */
function mark(family: Family, x: number, y: number): string {
  const { colour } = families[family]
  return family === 'peer'
    ? `<path d="M${round(x)} ${round(y - 6.5)}l6.5 6.5l-6.5 6.5l-6.5 -6.5z" fill="${colour}"/>`
    : `<circle cx="${round(x)}" cy="${round(y)}" r="6" fill="${colour}"/>`
}

function drawPoint({ name, family, f1, pagesPerSecond, x, y }: Placed): string {
  const tip = `${name}: F ${f1.toFixed(1)} %, ${pagesPerSecond.toFixed(2)} pages/s`
  return `<g><title>${escape(tip)}</title>${mark(family, x, y)}</g>`
}

function drawLabel(label: PlacedLabel, colour: string): string[] {
  const { x, y, text: content, box, anchor, isFar } = label
  const at = { start: box.left, middle: (box.left + box.right) / 2, end: box.right }[anchor]
  const attributes = `fill="${colour}" text-anchor="${anchor}"`
  const nearX = Math.min(Math.max(x, box.left), box.right)
  const nearY = Math.min(Math.max(y, box.top), box.bottom)
  const leader = `<line x1="${round(x)}" y1="${round(y)}" x2="${round(nearX)}" y2="${round(nearY)}" stroke="${colour}" stroke-opacity="0.6"/>`
  return [...(isFar ? [leader] : []), text(at, box.bottom - 4, content, attributes)]
}

function drawLegend(all: typeof families, points: readonly Placed[]): string[] {
  const shown = (['tesseract.js', 'native', 'peer'] as const).filter((family) =>
    points.some((point) => point.family === family),
  )
  return shown.flatMap((family, index) => {
    const x = area.left + 6 + index * legendWidth
    return [mark(family, x, 72), text(x + 14, 76.5, all[family].legend)]
  })
}

function drawAxes(xs: Scale, ys: Scale): string[] {
  const grid = 'stroke="#e3e5e8"'
  const vertical = xs.ticks.flatMap((tick) => {
    const x = area.left + xs.place(tick) * (area.right - area.left)
    return [
      `<line x1="${round(x)}" y1="${area.top}" x2="${round(x)}" y2="${area.bottom}" ${grid}/>`,
      text(x, area.bottom + 18, String(tick), 'text-anchor="middle"'),
    ]
  })
  const horizontal = ys.ticks.flatMap((tick) => {
    const y = area.bottom - ys.place(tick) * (area.bottom - area.top)
    return [
      `<line x1="${area.left}" y1="${round(y)}" x2="${area.right}" y2="${round(y)}" ${grid}/>`,
      text(area.left - 8, y + 4.5, String(tick), 'text-anchor="end"'),
    ]
  })
  const middleY = (area.top + area.bottom) / 2
  return [
    ...vertical,
    ...horizontal,
    `<path d="M${area.left} ${area.top}V${area.bottom}H${area.right}" fill="none" stroke="#5f6368"/>`,
    text(
      (area.left + area.right) / 2,
      size.height - 16,
      'speed, pages per second (logarithmic scale; right is faster)',
      'text-anchor="middle"',
    ),
    text(
      18,
      middleY,
      'accuracy, word F1 in % (up is better)',
      `text-anchor="middle" transform="rotate(-90 18 ${middleY})"`,
    ),
  ]
}
