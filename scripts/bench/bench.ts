import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { accuracy } from './accuracy.ts'
import { parseArguments, type BenchOptions } from './arguments.ts'
import { coldstart } from './coldstart.ts'
import { efficiency } from './efficiency.ts'
import { describeMachine, machineLine } from './machine.ts'
import { memory } from './memory.ts'
import { pipeline } from './pipeline.ts'
import { findProcesses, markVariable } from './processes.ts'
import { createReadings } from './readings.ts'
import { rerun } from './rerun.ts'
import type { Finding, Part, Setting } from './setting.ts'
import { median } from './statistics.ts'
import { formatFindings, verdictOf } from './table.ts'

interface Deps {
  arguments: readonly string[]
  node: string
  nodeVersion: string
  environment: NodeJS.ProcessEnv
  stopping: AbortSignal
  print: (line: string) => void
  say: (line: string) => void
}

/** Short ones first; accuracy after efficiency, whose texts it takes. */
const parts: readonly Part[] = [coldstart, pipeline, efficiency, accuracy, memory, rerun]

const repository = join(import.meta.dirname, '..', '..')
const strayGraceMs = 3_000

/** Runs the parts that the arguments name, one after another, and prints what they found. */
export async function runBench(deps: Deps): Promise<void> {
  const options = parseArguments(deps.arguments, parts)
  const workspace = mkdtempSync(join(realpathSync(tmpdir()), 'scriptorium-bench-'))
  const setting = createSetting(deps, options, workspace)
  const machine = describeMachine(deps.nodeVersion)
  deps.say(machineLine(machine))
  const findings = new Map<string, Finding>()
  try {
    for (const part of parts) {
      if (!options.parts.includes(part.name)) continue
      const say = (line: string): void => deps.say(`${part.name}: ${line}`)
      say(part.about)
      findings.set(part.name, await part.run({ ...setting, say }))
    }
  } finally {
    await endStrays(workspace, deps.say)
    rmSync(workspace, { recursive: true, force: true })
  }
  for (const line of [machineLine(machine), '', ...formatFindings(findings)]) deps.print(line)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, ...toJson(findings) }, null, 2)}\n`)
  }
}

/** Short ones first; accuracy after efficiency, whose texts it takes. */
function createSetting(deps: Deps, options: BenchOptions, workspace: string): Setting {
  const { rounds, documents, files, pagesRead } = options
  const usual = join(repository, '..', 'shared', 'data', 'pages')
  const pagesFolder = options.pages ?? (existsSync(usual) ? usual : undefined)
  // Settings of the user's own would change what is measured.
  const inherited = Object.entries(deps.environment).filter(
    ([name]) => !name.startsWith('SCRIPTORIUM_') && name !== 'REDIS_URL',
  )
  const environment = { ...Object.fromEntries(inherited), [markVariable]: workspace }
  return {
    node: deps.node,
    repository,
    environment,
    workspace,
    rounds,
    pagesFolder,
    documents,
    files,
    pagesRead,
    readings: createReadings(),
    say: deps.say,
    stopping: deps.stopping,
  }
}

/** Everything that was started has ended by itself; what has not is named and ended. */
async function endStrays(workspace: string, say: (line: string) => void): Promise<void> {
  const deadline = performance.now() + strayGraceMs
  while (findProcesses(workspace).length > 0 && performance.now() < deadline) await delay(50)
  for (const { pid, role } of findProcesses(workspace)) {
    say(`process ${pid} (${role}) was left over and is ended`)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended in this moment.
    }
  }
}

function toJson(findings: ReadonlyMap<string, Finding>) {
  const results = [...findings].map(([name, finding]) => {
    if (finding.kind === 'skipped') return { name, ...finding }
    const figures = finding.figures.map((figure) => ({
      ...figure,
      median: median(figure.values),
      verdict: verdictOf(figure),
    }))
    return { name, ...finding, figures }
  })
  return { parts: results }
}
