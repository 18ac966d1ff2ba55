import { join } from 'node:path'
import { runBareLoops } from './bare/run.ts'
import { runIngest } from './ingest-run.ts'
import { choosePages, listArguments, type PageSet } from './page-set.ts'
import type { Setting } from './setting.ts'

/** The same pages read twice: `texts` holds what the bare engine read, `out` what ingest read, both as `<path>.txt`. */
export interface Reading {
  pages: PageSet
  texts: string
  out: string
}

/** Lets one part use what another has read already. */
export function createReadings() {
  let kept: Reading | undefined
  return {
    keep(reading: Reading): void {
      kept = reading
    },
    /** The reading that was kept last, or a new one. */
    take: async (setting: Setting): Promise<Reading> => kept ?? readTwice(setting),
  }
}

export type Readings = ReturnType<typeof createReadings>

async function readTwice(setting: Setting): Promise<Reading> {
  const pages = choosePages(setting)
  const { root, paths } = pages
  const texts = join(setting.workspace, 'bare-texts')
  const out = join(setting.workspace, 'accuracy')
  await runBareLoops(setting, [{ root, paths, texts }])
  await runIngest(setting, { arguments: listArguments(setting, pages), out })
  return { pages, texts, out }
}
