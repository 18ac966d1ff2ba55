import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseChaosArguments, type ChaosOptions } from './arguments.ts'
import { checkTmp } from './checks/leftovers.ts'
import { readReference, type Corpus } from './corpus/reference.ts'
import { finding, formatChaosFindings, type ChaosFinding } from './history/findings.ts'
import { openHistory, type History } from './history/history.ts'
import { formatCampaign } from './summary.ts'
import type { ChaosFault } from './nemesis/fault.ts'
import { allFaults, type Injected } from './nemesis/nemesis.ts'
import { drawSchedule, faultsInRound } from './nemesis/schedule.ts'
import { createRandom } from '../common/random.ts'
import { playRound, type RoundResult } from './round.ts'
import { cleanEnvironment, type ChaosSetting } from './world/setting.ts'
import { startWorld, type World } from './world/world.ts'
import { packageRoot } from '../../../shared/files/package-root.ts'
import type { ToolHost } from '../common/start-tool.ts'

/** Runs a campaign. Returns whether every promise was kept. */
export async function runChaos(start: ToolHost): Promise<boolean> {
  const options = parseChaosArguments(
    start.arguments,
    allFaults.map(({ name }) => name),
  )
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'chaos-')))
  const setting: ChaosSetting = {
    folder,
    node: start.node,
    repository: packageRoot,
    old: options.old,
    engine: options.engine,
    environment: cleanEnvironment(start.environment, folder, options.engine),
    isRoot: start.isRoot,
    stopping: start.stopping,
  }
  mkdirSync(join(folder, 'tmp'))
  const history = openHistory(options.out)
  history.note('begin', { ...options })
  start.say(`Seed ${options.seed}; history: ${join(options.out, 'history.ndjson')}`)
  try {
    const corpus = await readReference(setting)
    const campaign = createCampaign(start, options, setting, history, corpus)
    return await campaign.run()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const maxFiles = { quick: 6_000, real: 60 }
const minFiles = { quick: 700, real: 8 }
/** Two workers read two folders and a small one, which gives them work from the first fault to the last. */
const shareOfRound = 0.4

function createCampaign(
  { say, print, stopping }: ToolHost,
  options: ChaosOptions,
  setting: ChaosSetting,
  history: History,
  corpus: Corpus,
) {
  const random = createRandom(options.seed)
  const files =
    options.files ??
    Math.round(
      Math.min(
        Math.max(
          corpus.documentsPerSecond * options.gap * faultsInRound * shareOfRound,
          minFiles[setting.engine],
        ),
        maxFiles[setting.engine],
      ),
    )
  const findings: ChaosFinding[] = []
  const injected: Injected[] = []
  const results: RoundResult[] = []
  let world: World | undefined
  let faults: readonly ChaosFault[] | undefined

  /** A world that broke a promise is discarded, and its logs are kept. */
  const closeWorld = async (round: number): Promise<void> => {
    const closing = world
    world = undefined
    if (closing === undefined) return
    const left = await closing.close()
    const last = [
      ...left.map((name) => finding('orphans', `outlived its SIGTERM: ${name}`)),
      ...checkTmp(join(setting.folder, 'tmp')),
    ]
    for (const { kind, about } of last) history.note('finding', { round, kind, about })
    findings.push(...last)
    const hasFailed = findings.length > 0
    if (hasFailed)
      cpSync(closing.folders.log, join(options.out, `round-${round}-logs`), { recursive: true })
    rmSync(closing.folder, { recursive: true, force: true })
  }
  const play = async (round: number): Promise<void> => {
    world ??= await startWorld(setting, history)
    faults ??= chooseFaults(world, options, say)
    const schedule = drawSchedule(random, faults, round, options.gap * 1_000)
    history.note('round', { round, files, faults: schedule.map(({ fault }) => fault.name) })
    const result = await playRound({ world, corpus, random, history, round, files, schedule })
    results.push(result)
    findings.push(...result.findings)
    injected.push(...result.injected)
    say(describeRound(round, result, world))
    if (result.findings.length === 0) return
    for (const line of formatChaosFindings(result.findings)) say(`  ${line}`)
    say(`  again: ${replayCommand(options, files, round)}`)
    await closeWorld(round)
  }
  return {
    async run(): Promise<boolean> {
      const began = performance.now()
      const minutes = (): number => (performance.now() - began) / 60_000
      let round = options.round ?? 1
      try {
        do await play(round++)
        while (options.round === undefined && minutes() < options.minutes && !stopping.aborted)
      } finally {
        await closeWorld(round - 1)
      }
      const totals = { rounds: results.length, minutes: minutes(), injected, findings }
      const documents = results.reduce((sum, result) => sum + result.documents, 0)
      const restMs = results.map((result) => result.restMs)
      for (const line of formatCampaign({ ...totals, documents, restMs })) print(line)
      history.note('end', { minutes: minutes(), findings: findings.length })
      if (findings.length > 0) print(`Again: ${replayCommand(options, files)}`)
      return findings.length === 0
    },
  }
}

function chooseFaults(
  world: World,
  options: ChaosOptions,
  say: (line: string) => void,
): ChaosFault[] {
  const wanted = allFaults.filter(
    ({ name }) => options.faults.length === 0 || options.faults.includes(name),
  )
  return wanted.filter(({ name, lacks }) => {
    const reason = lacks?.(world)
    if (reason !== undefined) say(`Without the fault '${name}': ${reason}`)
    return reason === undefined
  })
}

function describeRound(round: number, result: RoundResult, { roles }: World): string {
  const { injected, documents, restMs, usage } = result
  const peaks = Object.entries(usage.peaks)
    .map(([role, bytes]) => `${role} ${Math.round(bytes / 2 ** 20)}`)
    .join(', ')
  const deaths = Object.values(roles)
    .map(({ name, exits }) => `${name} ${exits.length}`)
    .join(', ')
  const verdict = result.findings.length === 0 ? 'kept' : `${result.findings.length} findings`
  return (
    `Round ${round}: ${verdict}; ${injected.length} faults, ${documents} documents, ` +
    `at rest ${(restMs / 1_000).toFixed(1)} s after the last heal; ended by themselves or us: ${deaths}; MiB: ${peaks}`
  )
}

function replayCommand(options: ChaosOptions, files: number, round?: number): string {
  const { seed, minutes, gap, engine, old, faults } = options
  const parts = [`npm run chaos -- --seed ${seed} --files ${files} --gap ${gap} --engine ${engine}`]
  parts.push(round === undefined ? `--minutes ${minutes}` : `--round ${round}`)
  if (old !== undefined) parts.push(`--old ${old}`)
  if (faults.length > 0) parts.push(`--faults '${faults.join(',')}'`)
  return parts.join(' ')
}
