import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { scoreTexts } from '../../accuracy/scoring.ts'
import type { PageSet } from '../../accuracy/page-set.ts'
import type { Bench } from '../run/setting.ts'
import { runMeasured, type MeasuredRun } from './measured-run.ts'
import type { Measurement } from './rounds.ts'
import type { PeerOrder, System } from './systems/system.ts'

/** The terms that are equal for all systems. */
export interface Terms {
  cores: number
  languages: readonly string[]
  tessdata: string
  /** Folder that keeps the texts of each system; undefined to discard them. */
  keepIn: string | undefined
}

/** Several times the duration of the slowest. */
const [startMs, pageMs] = [60_000, 60_000]

/** Lets a system read pages once. Returns its cost and its accuracy. */
export async function readOnce(
  bench: Bench,
  system: System,
  pages: PageSet,
  terms: Terms,
): Promise<Omit<Measurement, 'round'>> {
  const order = prepare(bench, pages, terms)
  const bounds = { cores: terms.cores, timeoutMs: startMs + pages.paths.length * pageMs }
  const { ending, said, ...taken } = await runMeasured(
    bench,
    system.commandFor(order, bench),
    bounds,
  )
  const isThrough = typeof ending === 'number' && system.exitCodes.includes(ending)
  const { total } = scoreTexts(pages, order.out)
  const reportedSeconds = system.reportedSeconds?.(order)
  if (terms.keepIn !== undefined) keep(order, join(terms.keepIn, slug(system.name)))
  rmSync(order.out, { recursive: true, force: true })
  return {
    ...taken,
    system: system.name,
    f1: total.f1,
    cer: total.cer,
    failures: total.missing,
    ...(!isThrough && { fault: describeEnding(ending, said) }),
    ...(reportedSeconds !== undefined && { reportedSeconds }),
  }
}

function describeEnding(ending: MeasuredRun['ending'], said: string): string {
  const end = typeof ending === 'number' ? `exit code ${ending}` : ending
  return `${end}: ${reasonOf(said)}`
}

/** The most informative line about a program's end: the last one with an error, or the last. */
export function reasonOf(said: string): string {
  const lines = said.trim().split('\n')
  return (lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').trim()
}

/** Makes empty folders, and the lists of pages for the systems. */
function prepare(bench: Bench, { root, paths }: PageSet, terms: Terms): PeerOrder {
  const [out, scratch] = [join(bench.workspace, 'out'), join(bench.workspace, 'scratch')]
  for (const folder of [out, scratch]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(scratch)
  for (const path of paths) mkdirSync(dirname(join(out, path)), { recursive: true })
  const [list, lines] = [join(scratch, 'pairs.list'), join(scratch, 'pages.list')]
  writeFileSync(list, paths.map((path) => `${join(root, path)}\0${join(out, path)}\0`).join(''))
  writeFileSync(lines, paths.map((path) => `${join(root, path)}\n`).join(''))
  const { cores, tessdata } = terms
  const languages = terms.languages.join('+')
  return { root, paths, list, lines, out, scratch, cores, tessdata, languages }
}

function keep({ out, paths }: PeerOrder, folder: string): void {
  for (const path of paths) {
    const [from, to] = [join(out, `${path}.txt`), join(folder, `${path}.txt`)]
    mkdirSync(dirname(to), { recursive: true })
    if (existsSync(from)) copyFileSync(from, to)
    else rmSync(to, { force: true })
  }
}

const slug = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')
