import type { PageResult, Reading } from '../../../../shared/contract/result/page.ts'
import { Figures } from '../../parts/figures.tsx'
import { formatCount, formatDuration, formatNumber, formatPercent } from '../../parts/format.ts'
import { Table, type Column } from '../../parts/table.tsx'

const columns: readonly Column<Reading>[] = [
  { title: 'Reading', cell: ({ name }) => name },
  { title: 'Scale', cell: ({ scale }) => formatNumber(scale), isNumber: true },
  { title: 'Words', cell: ({ words }) => formatCount(words), isNumber: true },
  {
    title: 'Confidence',
    cell: ({ confidence }) => formatPercent(confidence),
    isNumber: true,
    isExtra: true,
  },
  { title: 'Score', cell: ({ score }) => formatPercent(score * 100), isNumber: true },
  { title: 'Lines kept', cell: ({ linesKept }) => formatCount(linesKept), isNumber: true },
  {
    title: 'Time',
    cell: ({ recogniseMs }) => formatDuration(recogniseMs / 1_000),
    isNumber: true,
    isExtra: true,
  },
]

const seconds = (ms: number): string => formatDuration(ms / 1_000)

const sources = { engine: 'recognised', layer: 'of the PDF', mixed: 'of the PDF and recognised' }

/** The reading of a page: size, engine, attempts and their times. */
export function PageDetails({ page }: { page: PageResult }) {
  const { width, height, dpi, attempts, timings, worker, engine, readings, textSource } = page
  return (
    <details class="details">
      <summary>How the page was read</summary>
      <Figures
        figures={[
          { name: 'Size', value: `${formatCount(width)} × ${formatCount(height)} px` },
          { name: 'Resolution', value: dpi === null ? '–' : `${formatCount(dpi)} dpi` },
          { name: 'Text', value: sources[textSource] },
          { name: 'Attempts', value: formatCount(attempts) },
          { name: 'Open', value: seconds(timings.openMs) },
          { name: 'Prepare', value: seconds(timings.prepareMs) },
          { name: 'Recognise', value: seconds(timings.recogniseMs) },
          { name: 'Engine', value: `${engine.name} ${engine.version}` },
          { name: 'Worker', value: worker },
        ]}
      />
      <Table
        caption="Recognition attempts at the page"
        columns={columns}
        rows={readings}
        keyOf={({ name, scale, thresholding }) => `${name} ${scale} ${thresholding}`}
        empty="The page was not recognised: its text is that of the PDF."
      />
    </details>
  )
}
