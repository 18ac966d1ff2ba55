import { join } from 'node:path'
import { noopEngine, runIngest, type IngestRun } from '../run/ingest-run.ts'
import type { Figure, Part, BenchSetting } from '../run/setting.ts'
import { median } from '../../common/statistics.ts'
import { makeTinyPages } from '../pages/tiny-pages.ts'
import { watchWhile, type RunUsage } from '../run/watch.ts'

const target = 400
/** Measuring has a cost: a few times a run suffice. */
const everyMs = 500

interface Run extends IngestRun {
  usage: RunUsage
}

/** The whole pipeline with an engine that does nothing. */
export const pipeline: Part = {
  name: 'pipeline',
  about:
    'documents/s of plan, queue, worker, stream, ledger and files with an engine that does nothing',
  async run(setting) {
    const folder = join(setting.workspace, 'pipeline-pages')
    await makeTinyPages(folder, setting.documents, new Date('2020-01-01T00:00:00Z'))
    const runs: Run[] = []
    for (let index = 1; index <= setting.rounds; index += 1) {
      const out = join(setting.workspace, `pipeline-${index}`)
      const { workspace } = setting
      const { value: run, usage } = await watchWhile({ workspace, out, everyMs }, () =>
        runIngest(setting, { arguments: [folder], out, environment: noopEngine }),
      )
      if (run.report.pagesRead !== setting.documents) throw new Error('not every page was read')
      setting.say(
        `round ${index}: ${(run.report.pagesRead / run.report.seconds).toFixed(0)} documents/s`,
      )
      runs.push({ ...run, usage })
    }
    const unit = 'documents/s'
    return {
      kind: 'measured',
      figures: [
        {
          name: `${setting.documents} documents, no-op engine`,
          values: runs.map(({ report }) => report.pagesRead / report.seconds),
          unit,
          target: { min: target },
        },
        {
          name: '  the same by the whole command',
          values: runs.map(({ report, seconds }) => report.pagesRead / seconds),
          unit,
        },
        ...cpuFigures(setting, runs),
      ],
    }
  },
}

/** Processor time per document by role: it shows the bottleneck, even on a busy machine. */
function cpuFigures({ documents }: BenchSetting, runs: readonly Run[]): Figure[] {
  const roles = [...new Set(runs.flatMap(({ usage }) => [...usage.cpu.keys()]))]
  const figures = roles.map((role) => ({
    name: `  processor time, ${role}`,
    values: runs.map(({ usage }) => (1_000 * (usage.cpu.get(role) ?? 0)) / documents),
    unit: 'ms a document',
  }))
  return figures.toSorted((a, b) => median(b.values) - median(a.values))
}
