import { rmSync } from 'node:fs'
import { checkBounds, measureUsage, type WorldUsage } from './checks/bounds.ts'
import { check } from './checks/checks.ts'
import { waitForRest } from './checks/rest.ts'
import { startClients, type Clients } from './clients/clients.ts'
import type { Corpus } from './corpus/reference.ts'
import type { ChaosFinding } from './history/findings.ts'
import type { History } from './history/history.ts'
import { createNemesis, type Injected } from './nemesis/nemesis.ts'
import type { PlannedFault } from './nemesis/schedule.ts'
import type { Random } from '../common/random.ts'
import type { World } from './world/world.ts'

interface Deps {
  world: World
  corpus: Corpus
  random: Random
  history: History
  round: number
  files: number
  schedule: readonly PlannedFault[]
}

/** Faults, findings and figures of one round. */
export interface RoundResult {
  findings: ChaosFinding[]
  injected: Injected[]
  documents: number
  /** From the last heal until all work had ended, milliseconds. */
  restMs: number
  usage: WorldUsage
}

/** Clients at work, faults, heal, rest, check. */
export async function playRound(deps: Deps): Promise<RoundResult> {
  const { random, round } = deps
  const clients = startClients({ ...deps, random: random.fork(`clients/${round}`) })
  try {
    const result = await disturb(deps, clients)
    for (const { kind, about } of result.findings) deps.history.note('finding', { kind, about })
    if (result.findings.length === 0) removeFolders(clients)
    return result
  } finally {
    await clients.stop()
  }
}

async function disturb(
  { world, corpus, history, round, schedule }: Deps,
  clients: Clients,
): Promise<RoundResult> {
  const began = performance.now()
  const before = await measureUsage(world)
  const rested = new AbortController()
  const { samples } = corpus
  const nemesis = createNemesis({ world, clients, samples, history, rested: rested.signal })
  await nemesis.play(schedule)
  await world.heal()
  const healedAt = performance.now()
  history.note('all healed', { round })
  clients.finish()
  const hanging = await waitForRest(world, clients)
  const restMs = Math.round(performance.now() - healedAt)
  rested.abort()
  await nemesis.recovered()
  const usage = await measureUsage(world)
  const documents = countDocuments(clients)
  const minutes = (performance.now() - began) / 60_000
  const findings = [
    ...hanging,
    ...(await check(world, clients)),
    ...checkBounds(before, usage, { minutes, documents }),
  ]
  return { findings, injected: nemesis.injected, documents, restMs, usage }
}

/** Deletes the folders of a round without findings. */
function removeFolders({ runs }: Clients): void {
  for (const { folder } of runs) {
    rmSync(folder.input, { recursive: true, force: true })
    rmSync(folder.out, { recursive: true, force: true })
  }
}

const countDocuments = ({ uploads, runs }: Clients): number =>
  runs.reduce((sum, { folder }) => sum + folder.expected.size, uploads.acknowledged.length)
