import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import { runIngest } from '../run/ingest-run.ts'
import { copyPage } from '../pages/page-set.ts'
import type { Part, BenchSetting } from '../run/setting.ts'

const targetSeconds = 3
const pollMs = 5
const page = 'page.png'
const area = { left: 100, top: 300, width: 700, height: 120 }

type Way = Omit<Parameters<typeof runIngest>[1], 'arguments' | 'out'>

/** From the start of the command to the first result on the disk. */
export const coldstart: Part = {
  name: 'coldstart',
  about: "seconds from the command's start to the first page's .json",
  async run(setting) {
    const folder = join(setting.workspace, 'coldstart-pages')
    mkdirSync(folder)
    const crop = join(setting.workspace, 'coldstart.png')
    await sharp(join(setting.repository, 'samples/seeds.png')).extract(area).png().toFile(crop)
    copyPage(crop, join(folder, page), 0)
    const npm = ['npm', 'run', '-s', 'ingest', '--'] as const
    const ways = new Map<string, (index: number) => Way>([
      ['node scripts/scriptorium.js ingest', () => ({})],
      ['npm run -s ingest', () => ({ command: npm })],
      [
        'node, with nothing compiled before',
        (index) => ({
          environment: { NODE_COMPILE_CACHE: join(setting.workspace, `compile-${index}`) },
        }),
      ],
    ])
    const found = new Map<string, number[]>()
    await measure(setting, folder, 'warm-up', {}) // Fills the compile cache.
    for (let index = 1; index <= setting.rounds; index += 1) {
      for (const [name, way] of ways) {
        const seconds = await measure(
          setting,
          folder,
          `${found.get(name)?.length ?? 0} ${name}`,
          way(index),
        )
        found.set(name, [...(found.get(name) ?? []), seconds])
        setting.say(`round ${index}: ${name} ${seconds.toFixed(2)} s`)
      }
    }
    return {
      kind: 'measured',
      figures: [...found].map(([name, values], index) => ({
        name: `${name}: first result`,
        values,
        unit: 's',
        ...(index < 2 && { target: { max: targetSeconds } }),
      })),
    }
  },
}

async function measure(
  setting: BenchSetting,
  folder: string,
  name: string,
  way: Way,
): Promise<number> {
  const out = join(setting.workspace, 'coldstart', name.replaceAll(/[^a-z0-9]+/g, '-'))
  const began = performance.now()
  let seconds: number | undefined
  const ingesting = runIngest(setting, { ...way, arguments: [folder], out })
  const over = new AbortController()
  const watching = (async () => {
    while (seconds === undefined && !over.signal.aborted) {
      if (existsSync(join(out, `${page}.json`))) seconds = (performance.now() - began) / 1_000
      else await delay(pollMs)
    }
  })()
  await ingesting.finally(() => over.abort())
  await watching
  if (seconds === undefined) throw new Error('the first page was not written')
  return seconds
}
