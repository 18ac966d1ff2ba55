import { existsSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeTemporaryFolder } from '../../../../shared/files/temporary-folder.ts'
import { describeMachine, machineLine } from '../../common/machine.ts'
import { findProcesses, markVariable } from '../../common/processes.ts'
import type { Bench, PartFinding, Part } from './setting.ts'
import { median } from '../../common/statistics.ts'
import { formatFigures, verdictOf } from './figures.ts'
import { packageRoot } from '../../../../shared/files/package-root.ts'

/** The dependencies of a bench. */
export interface Deps {
  arguments: readonly string[]
  node: string
  nodeVersion: string
  environment: NodeJS.ProcessEnv
  stopping: AbortSignal
  print: (line: string) => void
  say: (line: string) => void
}

interface Options {
  parts: string[]
  rounds: number
  pages?: string
  json?: string
}

const strayGraceMs = 3_000

/** Runs the selected parts, one after another, and prints their findings. Leaves nothing behind. */
export async function runParts<S extends Bench>(
  deps: Deps,
  parts: readonly Part<S>[],
  options: Options,
  settle: (bench: Bench) => S,
): Promise<void> {
  const temporary = makeTemporaryFolder('bench')
  const workspace = realpathSync(temporary.path)
  const setting = settle(createBench(deps, options, workspace))
  const machine = describeMachine(deps.nodeVersion)
  deps.say(machineLine(machine))
  const findings = new Map<string, PartFinding>()
  try {
    for (const part of parts) {
      if (!options.parts.includes(part.name)) continue
      const say = (line: string): void => deps.say(`${part.name}: ${line}`)
      say(part.about)
      findings.set(part.name, await part.run({ ...setting, say }))
    }
  } finally {
    await endStrays(workspace, deps.say)
    temporary.remove()
  }
  for (const line of [machineLine(machine), '', ...formatFigures(findings)]) deps.print(line)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, ...toJson(findings) }, null, 2)}\n`)
  }
}

function createBench(deps: Deps, { pages, rounds }: Options, workspace: string): Bench {
  const { node, environment, say, stopping } = deps
  const usual = join(packageRoot, '..', 'shared', 'data', 'pages')
  const pagesFolder = pages ?? (existsSync(usual) ? usual : undefined)
  // The user's own settings would change the measurement.
  const inherited = Object.entries(environment).filter(
    ([name]) => !name.startsWith('SCRIPTORIUM_') && name !== 'REDIS_URL',
  )
  return {
    node,
    repository: packageRoot,
    workspace,
    rounds,
    pagesFolder,
    say,
    stopping,
    environment: { ...Object.fromEntries(inherited), [markVariable]: workspace },
  }
}

/** All started processes should have exited; reports and kills the others, and returns when they have exited. */
export async function endStrays(workspace: string, say: (line: string) => void): Promise<void> {
  await untilGone(workspace)
  for (const { pid, role } of findProcesses(workspace)) {
    say(`process ${pid} (${role}) was left over and is ended`)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It exited at this moment.
    }
  }
  await untilGone(workspace) // A killed process exists until the kernel has removed it.
}

async function untilGone(workspace: string): Promise<void> {
  const deadline = performance.now() + strayGraceMs
  while (findProcesses(workspace).length > 0 && performance.now() < deadline) await delay(50)
}

function toJson(findings: ReadonlyMap<string, PartFinding>) {
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
