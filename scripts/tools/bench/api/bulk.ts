import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { choosePages, copyPage } from '../pages/page-set.ts'
import { makeTinyPages } from '../pages/tiny-pages.ts'
import type { BenchService } from './service.ts'
import { apiWorkers, type ApiSetting } from './setting.ts'

/** More than the fleet reads during a part; the other files of the run only wait. */
const realPages = 600
const rootName = 'bulk'
const pollMs = 100
const settledPages = 2 * apiWorkers
const beginMs = 120_000

/** Variables that give a service the folder of the bulk run. */
export const bulkRoot = (setting: ApiSetting): NodeJS.ProcessEnv => ({
  SCRIPTORIUM_ROOTS: `${rootName}=${makeBulk(setting)}`,
})

/** Makes the folder once: first real pages, repeated with different sizes, then tiny ones that fill it up. */
function makeBulk(setting: ApiSetting): string {
  const folder = join(setting.workspace, 'bulk')
  if (existsSync(folder)) return folder
  const { root, paths } = choosePages(setting)
  const real = Math.min(realPages, setting.bulk)
  for (let index = 0; index < real; index += 1) {
    const path = paths[index % paths.length] ?? ''
    const copy = 1 + Math.floor(index / paths.length)
    const name = `${String(index).padStart(5, '0')}-${path.replaceAll('/', '-')}`
    copyPage(join(root, path), join(folder, '0-real', name), copy)
  }
  return folder
}

/** The fleet while it reads a bulk run. */
interface Bulk {
  /** Number of pages read so far, and the time of the measurement, milliseconds. */
  look: () => Promise<{ pages: number; at: number }>
}

/** Runs `work` while the fleet reads the bulk run, from the moment it reads at full speed. */
export async function whileReading<T>(
  setting: ApiSetting,
  { client }: BenchService,
  work: (bulk: Bulk) => Promise<T>,
): Promise<T> {
  const folder = makeBulk(setting)
  const tiny = join(folder, '1-tiny')
  const rest = setting.bulk - realPages
  if (rest > 0 && !existsSync(tiny)) await makeTinyPages(tiny, rest, new Date('2020-01-01'))
  const { id } = await client.startRun({ root: rootName })
  const look = async (): Promise<{ pages: number; at: number }> => {
    const { pagesRead } = await client.run(id)
    return { pages: pagesRead ?? 0, at: performance.now() }
  }
  const deadline = performance.now() + beginMs
  for (;;) {
    const { pagesRead, isPlanned } = await client.run(id)
    if (isPlanned && (pagesRead ?? 0) >= settledPages) break
    if (performance.now() > deadline) throw new Error('the bulk run does not get going')
    await delay(pollMs)
    setting.stopping.throwIfAborted()
  }
  const value = await work({ look })
  const { pages } = await look()
  if (pages >= Math.min(realPages, setting.bulk))
    setting.say('the fleet ran out of real pages; measure less at a time')
  return value
}

/** Mean time of a worker per page between two measurements, milliseconds. */
export const pageMs = (
  first: Awaited<ReturnType<Bulk['look']>>,
  last: Awaited<ReturnType<Bulk['look']>>,
): number => (apiWorkers * (last.at - first.at)) / (last.pages - first.pages)
