import { join } from 'node:path'
import { runBareLoops } from '../bare/run.ts'
import { runIngest } from '../run/ingest-run.ts'
import { choosePages, listArguments } from '../pages/page-set.ts'
import type { ReadingPair, Readings, BenchSetting } from '../run/setting.ts'

/** Lets one part reuse the readings of another. */
export function createReadings(): Readings {
  let kept: ReadingPair | undefined
  return {
    keep(reading: ReadingPair): void {
      kept = reading
    },
    take: async (setting: BenchSetting): Promise<ReadingPair> => kept ?? readTwice(setting),
  }
}

async function readTwice(setting: BenchSetting): Promise<ReadingPair> {
  const pages = choosePages(setting)
  const { root, paths } = pages
  const texts = join(setting.workspace, 'bare-texts')
  const out = join(setting.workspace, 'accuracy')
  await runBareLoops(setting, [{ root, paths, texts }])
  await runIngest(setting, { arguments: listArguments(setting, pages), out })
  return { pages, texts, out }
}
