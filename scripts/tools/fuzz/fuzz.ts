import { hash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createRandom } from '../common/random.ts'
import { cleanEnvironment, type ChaosSetting } from '../chaos/world/setting.ts'
import { parseFuzzArguments, type FuzzOptions } from './arguments.ts'
import type { HostileFile } from './files/hostile-file.ts'
import { generateFiles } from './files/generate.ts'
import { fuzzFindingKinds, type FuzzFinding } from './findings.ts'
import { startFleet, type Fleet } from './fleet.ts'
import { createMemoryTrend } from './memory-trend.ts'
import { throughHttp } from './through-http.ts'
import { throughIngest } from './through-ingest.ts'
import { measureRoles, totalCpu, watchMemory } from './usage.ts'
import { packageRoot } from '../../../shared/files/package-root.ts'
import type { ToolHost } from '../common/start-tool.ts'

const batchFiles = 250
/**
 * At least this share of all files should take less than a second of processor time; reported, not judged: machines are
 * shared.
 */
const quickShare = 0.99
const quickSeconds = 1

/** Runs a campaign. Returns whether every promise was kept. */
export async function runFuzz(start: ToolHost): Promise<boolean> {
  const options = parseFuzzArguments(start.arguments)
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fuzz-')))
  const setting: ChaosSetting = {
    folder,
    node: start.node,
    repository: packageRoot,
    old: undefined,
    engine: options.engine,
    environment: cleanEnvironment(start.environment, folder, options.engine),
    isRoot: start.isRoot,
    stopping: start.stopping,
  }
  mkdirSync(join(folder, 'tmp'))
  mkdirSync(options.out, { recursive: true })
  start.say(`Seed ${options.seed}`)
  try {
    const fleet = await startFleet(setting, options.out, start.say)
    try {
      return await createCampaign(start, options, setting, fleet).run()
    } finally {
      await fleet.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function createCampaign(
  { print, say, stopping }: ToolHost,
  options: FuzzOptions,
  setting: ChaosSetting,
  fleet: Fleet,
) {
  const findings: FuzzFinding[] = []
  const outcomes = new Map<string, number>()
  const seconds: { name: string; cpu: number }[] = []
  const memory = watchMemory(fleet.roles)
  const trend = createMemoryTrend()
  let done = 0
  let deaths = 0

  const note = (batch: readonly FuzzFinding[]): void => {
    for (const finding of batch) keep(options.out, findings.push(finding), finding)
  }
  const noteDeaths = (during: string): void => {
    const all = fleet.deaths()
    note(all.slice(deaths).map((about) => ({ kind: 'died', about: `${about}, ${during}` })))
    deaths = all.length
  }
  /** One file at a time, so that the processor time is its own. */
  const upload = async (file: HostileFile): Promise<void> => {
    const before = totalCpu(measureRoles(fleet.roles))
    const fared = await throughHttp(fleet.address, file)
    const cpu = totalCpu(measureRoles(fleet.roles)) - before
    seconds.push({ name: `${file.name} (${file.kind})`, cpu })
    note(fared.findings)
    noteDeaths(`while ${file.name} (${file.kind}) was uploaded`)
  }
  const play = async (number: number, files: readonly HostileFile[]): Promise<void> => {
    for (const file of files) {
      if (stopping.aborted) return
      await upload(file)
    }
    const ended = await throughIngest(setting, fleet, `batch-${number}`, files)
    note(ended.findings)
    noteDeaths(`in the ingest of batch ${number}`)
    for (const [outcome, count] of ended.outcomes)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
    done += files.length
    trend.add(done, memory.look())
    say(`${done} files, ${findings.length} findings; ${trend.describe()}`)
  }
  return {
    async run(): Promise<boolean> {
      const given = options.corpus === undefined ? [] : readCorpus(options.corpus)
      const random = createRandom(options.seed)
      const files = generateFiles(random, options.count)
      let batch = given
      for (let number = 1; !stopping.aborted; number += 1) {
        while (batch.length < batchFiles) {
          const next = await files.next()
          if (next.done === true) break
          batch.push(next.value)
        }
        if (batch.length === 0) break
        await play(number, batch)
        batch = []
      }
      memory.close()
      note(trend.judge())
      for (const line of summarise()) print(line)
      return findings.length === 0
    },
  }

  function summarise(): string[] {
    const counts = fuzzFindingKinds.map(
      (kind) => `${findings.filter((finding) => finding.kind === kind).length} ${kind}`,
    )
    const sorted = [...outcomes].toSorted(([, a], [, b]) => b - a)
    const slowest = seconds.toSorted((a, b) => b.cpu - a.cpu).slice(0, 5)
    return [
      `Ends: ${sorted.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`,
      `Slowest: ${slowest.map(({ name, cpu }) => `${name} ${cpu.toFixed(2)} s`).join(', ')}`,
      `Within ${quickSeconds} s of processor time, all formats: ${(100 * shareOfQuick(seconds)).toFixed(2)} % (target: ${100 * quickShare})`,
      ...trend.lines(memory.peaks),
      ...findings.slice(0, 20).map(({ kind, about }) => `${kind}: ${about}`),
      `${done} files through ingest and HTTP, seed ${options.seed}: ${counts.join(', ')}.`,
    ]
  }
}

const shareOfQuick = (seconds: readonly { cpu: number }[]): number =>
  seconds.length === 0
    ? 1
    : seconds.filter(({ cpu }) => cpu <= quickSeconds).length / seconds.length

/** Saves a finding, with the file that caused it. */
function keep(out: string, number: number, { kind, about, bytes }: FuzzFinding): void {
  const name = `finding-${String(number).padStart(4, '0')}`
  writeFileSync(join(out, `${name}.txt`), `${kind}: ${about}\n`)
  if (bytes !== undefined) writeFileSync(join(out, `${name}.bin`), bytes)
}

/** The files of a folder, each once. */
function readCorpus(folder: string): HostileFile[] {
  const known = new Set<string>()
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return []
    const bytes = readFileSync(join(entry.parentPath, entry.name))
    const digest = hash('sha256', bytes)
    if (known.has(digest)) return []
    known.add(digest)
    return [{ name: basename(entry.name), kind: 'given', bytes }]
  })
}
