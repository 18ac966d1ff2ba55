import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { findTruthPages, setOf } from '../../accuracy/truth-pages.ts'
import { describeMachine, type Machine } from '../../common/machine.ts'
import { runParts, type Deps } from '../run/run-parts.ts'
import type { Bench, PartFinding, Part } from '../run/setting.ts'
import { parsePeersArguments, type PeersOptions } from './arguments.ts'
import { drawChart } from './chart/chart.ts'
import { findEntrants, runRounds, termsOf, type Entrant } from './compare.ts'
import { figuresOf, formatSummaries } from './comparison.ts'
import { canHold } from './cores.ts'
import { findModels } from './systems/model-folder.ts'
import { ocrmypdf } from './systems/ocrmypdf.ts'
import { ourSystems } from './systems/ours.ts'
import { summarise, type Summary } from './rounds.ts'
import { psm, type System } from './systems/system.ts'
import { tesseractCli } from './systems/tesseract-cli.ts'
import { tesseractJs } from './systems/tesseract-js.ts'
import { tesserocr } from './systems/tesserocr.ts'

const allSystems: readonly System[] = [
  ...ourSystems,
  tesserocr,
  tesseractCli,
  tesseractJs,
  ocrmypdf,
]
/** The 65 pages in 9 sets for which the targets of F were set. */
const reference = { pages: 65, sets: 9 }

interface PeersSetting extends Bench {
  options: PeersOptions
  machine: Machine
}

/** Reads the same pages with every installed system, in turns, and prints the cost and accuracy of each. */
export async function runPeersBench(deps: Deps): Promise<void> {
  const names = allSystems.map(({ name }) => name)
  const options = parsePeersArguments(deps.arguments, names)
  const machine = describeMachine(deps.nodeVersion)
  const settle = (bench: Bench): PeersSetting => ({ ...bench, options, machine })
  await runParts(deps, [peers], { ...options, parts: [peers.name] }, settle)
}

const peers: Part<PeersSetting> = {
  name: 'peers',
  about: 'Scriptorium and other OCR programs, in turns: accuracy, time and memory',
  async run(setting) {
    const { options } = setting
    if (!canHold(options.cores)) {
      return {
        kind: 'skipped',
        reason: `${options.cores} cores are not available, or taskset cannot pin to them`,
      }
    }
    const pages = findTruthPages(options.pages, options)
    const models = await findModels(setting, options.languages)
    const { bench, terms } = termsOf(setting, options, models)
    const chosen = chooseSystems(options.only)
    const { entrants, absent } = await findEntrants(bench, chosen, pages, terms)
    if (entrants.length === 0) return { kind: 'skipped', reason: absent.join('; ') }
    const measurements = await runRounds(bench, entrants, pages, terms)
    const names = entrants.map(({ system }) => system.name)
    const base = names.find((name) => name === tesserocr.name) ?? names.at(-1) ?? ''
    const summaries = summarise(measurements, names, base, pages.paths.length)
    const sets = new Set(pages.paths.map(setOf)).size
    const about = `${counted(pages.paths.length, 'page')} of ${counted(sets, 'set')}, ${counted(options.cores, 'core')} each`
    if (options.chart !== undefined) writeChart(options.chart, summaries, entrants, about, setting)
    const isReference = pages.paths.length === reference.pages && sets === reference.sets
    return {
      kind: 'measured',
      figures: figuresOf(measurements, base, isReference),
      remarks: [
        `${about}, ${counted(setting.rounds, 'round')}, psm ${psm}, model: ${models.description}`,
        '',
        ...formatSummaries(summaries, entrants, base),
        ...absent,
        ...measurements.flatMap(({ system, round, fault }) =>
          fault === undefined ? [] : [`round ${round}, ${system}: ${fault}`],
        ),
      ],
      details: { about, base, models: models.description, absent, summaries, measurements },
    } satisfies PartFinding
  },
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** A full name selects that system alone, a part of a name all that contain it. */
export function chooseSystems(only: readonly string[] | undefined): readonly System[] {
  if (only === undefined) return allSystems
  const isNamed = (part: string): boolean => allSystems.some(({ name }) => name === part)
  return allSystems.filter(({ name }) =>
    only.some((part) =>
      isNamed(part) ? name === part : name.toLowerCase().includes(part.toLowerCase()),
    ),
  )
}

function writeChart(
  file: string,
  summaries: readonly Summary[],
  entrants: readonly Entrant[],
  about: string,
  { machine }: PeersSetting,
): void {
  const points = summaries.flatMap(({ system: name, f1, pagesPerSecond, failures }) => {
    const system = entrants.find((entrant) => entrant.system.name === name)?.system
    if (system === undefined) return []
    const { label, family } = system
    const note = failures > 0 && family === 'peer' ? ` (${failures} not read)` : ''
    return [{ name, label: `${label}${note}`, family, f1, pagesPerSecond }]
  })
  mkdirSync(dirname(file), { recursive: true })
  const subtitle = `${about} (${machine.cpu}), ${machine.date}`
  writeFileSync(file, drawChart(points, { subtitle }))
}
