import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseRunReport } from '../../../../services/cli/ingest/follow.ts'
import { runIngest } from '../run/ingest-run.ts'
import { choosePages, copyPage } from '../pages/page-set.ts'
import type { ComposePart, ComposeSetting } from './setting.ts'

const targetRatio = 0.95
const workers = 2

/** The same folder through containers and on the host, one after the other. */
export const speed: ComposePart = {
  name: 'speed',
  about: `pages/s of a folder through compose against ingest on the host, ${workers} workers each`,
  async run(setting) {
    const { project, rounds, say } = setting
    const pages = choosePages(setting)
    await project.must('up', '-d', '--scale', `worker=${workers}`)
    await project.ready(workers)
    const found: Record<'compose' | 'host', number[]> = { compose: [], host: [] }
    const ways = { compose: inContainers, host: onHost }
    for (let index = 1; index <= rounds; index += 1) {
      // Other files in every round: the aggregator copies the results of known ones.
      for (const path of pages.paths)
        copyPage(join(pages.root, path), join(project.input, path), index)
      // Drift affects both: every other round begins with the other.
      const order =
        index % 2 === 1 ? (['compose', 'host'] as const) : (['host', 'compose'] as const)
      for (const way of order) {
        const rate = await ways[way](setting, index)
        say(`round ${index}: ${way} ${rate.toFixed(3)} pages/s`)
        found[way].push(rate)
      }
    }
    const ratios = found.compose.map((rate, index) => rate / (found.host[index] ?? Number.NaN))
    return {
      kind: 'measured',
      figures: [
        { name: `compose, ${workers} workers`, values: found.compose, unit: 'pages/s' },
        { name: `ingest --workers ${workers} on the host`, values: found.host, unit: 'pages/s' },
        { name: 'compose / host', values: ratios, unit: '', target: { min: targetRatio } },
      ],
      remarks: [`  ${pages.paths.length} pages`],
    }
  },
}

/** Both by the run's own report: from its plan to its last page. */
async function inContainers({ project }: ComposeSetting, index: number): Promise<number> {
  const out = `/output/speed-${index}`
  const words = ['/data/in', '--out', out, '--report', `${out}.json`]
  await project.must('run', '--rm', '-T', 'ingest', ...words)
  const report = parseRunReport(readFileSync(join(project.output, `speed-${index}.json`), 'utf8'))
  return report.pagesRead / report.seconds
}

async function onHost(setting: ComposeSetting, index: number): Promise<number> {
  const out = join(setting.workspace, `speed-${index}`)
  const words = [setting.project.input, '--workers', String(workers)]
  const { report } = await runIngest(setting, { arguments: words, out })
  rmSync(out, { recursive: true })
  return report.pagesRead / report.seconds
}
