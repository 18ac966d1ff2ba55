import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { noopEngine, runIngest, type IngestRun } from '../run/ingest-run.ts'
import type { Figure, Part, BenchSetting } from '../run/setting.ts'
import { makeTinyPages } from '../pages/tiny-pages.ts'
import { watchWhile, type RunUsage } from '../run/watch.ts'

const smallFolder = 1_000
const targets = { seconds: 6, aggregatorMB: 250, redisMB: 100 }
const firstRunEveryMs = 500
const rerunEveryMs = 50

interface Run extends IngestRun {
  usage: RunUsage
}

/** A folder that was read once. */
interface Finished {
  files: number
  folder: string
  out: string
  first: Run
  again: Run[]
  /** Access times after the first run, or undefined where this file system does not record them. */
  accessed: bigint[] | undefined
}

/** Runs a finished folder again: the time until it finds that there is nothing to do, and its memory. */
export const rerun: Part = {
  name: 'rerun',
  about:
    'seconds to run a finished folder again, and memory of aggregator and Redis as folders grow',
  async run(setting) {
    const folders: Finished[] = []
    for (const files of new Set([smallFolder, setting.files])) {
      folders.push(await finish(setting, files))
    }
    for (let index = 1; index <= setting.rounds; index += 1) {
      for (const finished of folders) {
        const run = await ingest(setting, finished, rerunEveryMs)
        checkNothingRead(finished, run)
        finished.again.push(run)
        setting.say(`round ${index}: ${finished.files} files again in ${run.seconds.toFixed(2)} s`)
      }
    }
    return { kind: 'measured', figures: folders.flatMap(toFigures), remarks: folders.map(prove) }
  },
}

async function finish(setting: BenchSetting, files: number): Promise<Finished> {
  const folder = join(setting.workspace, `rerun-${files}-pages`)
  const out = join(setting.workspace, `rerun-${files}`)
  // Linux updates the access time at a read where it is older than the modification time: with a future modification
  // time, at every read.
  await makeTinyPages(folder, files, new Date(Date.now() + 7 * 86_400_000))
  const before = accessTimes(folder)
  const first = await ingest(setting, { folder, out }, firstRunEveryMs)
  if (first.report.pagesRead !== files) throw new Error('not every page was read')
  setting.say(`${files} files read in ${first.seconds.toFixed(0)} s`)
  const after = accessTimes(folder)
  const isKept = after.every((time, index) => time !== before[index])
  return { files, folder, out, first, again: [], accessed: isKept ? after : undefined }
}

async function ingest(
  setting: BenchSetting,
  { folder, out }: Pick<Finished, 'folder' | 'out'>,
  everyMs: number,
): Promise<Run> {
  const { workspace } = setting
  const { value, usage } = await watchWhile({ workspace, out, everyMs }, () =>
    runIngest(setting, { arguments: [folder], out, environment: noopEngine }),
  )
  return { ...value, usage }
}

function checkNothingRead({ files, folder, accessed }: Finished, { report }: Run): void {
  const unchanged = report.outcomes['skipped_unchanged'] ?? 0
  if (report.pagesRead > 0 || unchanged !== files) {
    throw new Error(`${report.pagesRead} pages were read again, ${unchanged} files were unchanged`)
  }
  const touched = accessTimes(folder).filter((time, index) => time !== accessed?.[index]).length
  if (accessed !== undefined && touched > 0) throw new Error(`${touched} files were read again`)
}

const accessTimes = (folder: string): bigint[] =>
  readdirSync(folder)
    .toSorted()
    .flatMap((group) =>
      readdirSync(join(folder, group))
        .toSorted()
        .map((name) => lstatSync(join(folder, group, name), { bigint: true }).atimeNs),
    )

const megabytes = (run: Run, of: (usage: RunUsage) => number): number => of(run.usage) / 1e6

function toFigures({ files, first, again }: Finished): Figure[] {
  const memory = (name: string, runs: readonly Run[]): Figure[] => [
    {
      name: `${files} files, ${name}: aggregator RSS`,
      values: runs.map((run) => megabytes(run, (usage) => usage.resident.get('aggregator') ?? 0)),
      unit: 'MB',
      target: { max: targets.aggregatorMB },
    },
    {
      name: `${files} files, ${name}: Redis used_memory`,
      values: runs.map((run) => megabytes(run, (usage) => usage.redisUsed)),
      unit: 'MB',
      target: { max: targets.redisMB },
    },
    {
      name: `${files} files, ${name}: Redis RSS`,
      values: runs.map((run) => megabytes(run, (usage) => usage.resident.get('redis') ?? 0)),
      unit: 'MB',
    },
  ]
  return [
    {
      name: `${files} files again`,
      values: again.map(({ seconds }) => seconds),
      unit: 's',
      target: { max: targets.seconds },
    },
    ...memory('first run', [first]),
    ...memory('again', again),
  ]
}

function prove({ files, accessed }: Finished): string {
  const times =
    accessed === undefined
      ? 'this file system keeps no access times, so that is the only proof'
      : "every file's access time moved in the first run and in none after it"
  return `  ${files} files: pagesRead 0 in every re-run; ${times}`
}
