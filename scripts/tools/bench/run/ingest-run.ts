import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRunReport } from '../../../../services/cli/ingest/follow.ts'
import type { RunReport } from '../../../../shared/contract/report.ts'
import type { Bench } from './setting.ts'

/** A whole `ingest` command, from its start to its exit. */
export interface IngestRun {
  report: RunReport
  /** Wall clock of the command, seconds. */
  seconds: number
}

interface Options {
  /** Arguments before `--out`: the inputs and options. */
  arguments: string[]
  out: string
  /** Environment on top of the setting's. */
  environment?: NodeJS.ProcessEnv
  /** The program and its first arguments, in place of Node and `scripts/scriptorium.js ingest`. */
  command?: readonly [string, ...string[]]
}

/** The compile cache that the npm script uses. */
export const compileCache = 'node_modules/.cache/compile'

let count = 0

/** Runs `ingest` as users do. Throws with its stderr where its exit code is not 0. */
export async function runIngest(setting: Bench, options: Options): Promise<IngestRun> {
  const reportFile = join(setting.workspace, `report-${(count += 1)}.json`)
  const [program, ...first] = options.command ?? [setting.node, 'scripts/scriptorium.js', 'ingest']
  const last = ['--out', options.out, '--report', reportFile]
  const began = performance.now()
  const child = spawn(program, [...first, ...options.arguments, ...last], {
    cwd: setting.repository,
    env: { ...setting.environment, NODE_COMPILE_CACHE: compileCache, ...options.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-4_000)))
  const stop = (): unknown => child.kill('SIGTERM')
  setting.stopping.addEventListener('abort', stop)
  await once(child, 'exit')
  setting.stopping.removeEventListener('abort', stop)
  const seconds = (performance.now() - began) / 1_000
  setting.stopping.throwIfAborted()
  if (child.exitCode !== 0)
    throw new Error(`ingest ended with exit code ${child.exitCode}:\n${said}`)
  return { seconds, report: parseRunReport(readFileSync(reportFile, 'utf8')) }
}

/** Selects the engine that reads nothing. */
export const noopEngine = {
  SCRIPTORIUM_ENGINE: join(import.meta.dirname, '../pages/noop-engine.ts'),
}
