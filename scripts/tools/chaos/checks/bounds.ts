import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findProcesses } from '../../common/processes.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'
import type { World } from '../world/world.ts'

const maxRssBytes = 2 ** 30
const maxRedisBytes = 256 * 2 ** 20
/** Maximum number of log lines per minute of a process, and per document that it handles. */
const linesAMinute = 200
const linesADocument = 4

/** Resources of a world's processes at the time of a measurement. */
export interface WorldUsage {
  /** Peak memory of any process of a role, bytes. */
  peaks: Record<string, number>
  redisBytes: number
  /** Number of lines in each role's log so far. */
  logLines: Record<string, number>
}

export async function measureUsage({ setting, redis, folders }: World): Promise<WorldUsage> {
  const peaks: Record<string, number> = {}
  for (const { role, peakBytes } of findProcesses(setting.folder))
    peaks[role] = Math.max(peaks[role] ?? 0, peakBytes)
  const memory = await redis.control.info('memory')
  const logs = readdirSync(folders.log).filter((name) => name.endsWith('.log'))
  return {
    peaks,
    redisBytes: Number(/^used_memory:(\d+)/m.exec(memory)?.[1] ?? 0),
    logLines: Object.fromEntries(
      logs.map((name) => [name.slice(0, -4), countLines(join(folders.log, name))]),
    ),
  }
}

/** Compares a round's resources with bounds that a healthy service stays far below. */
export function checkBounds(
  before: WorldUsage,
  after: WorldUsage,
  { minutes, documents }: { minutes: number; documents: number },
): ChaosFinding[] {
  const findings = Object.entries(after.peaks)
    .filter(([, bytes]) => bytes > maxRssBytes)
    .map(([role, bytes]) => finding('bounds', `${role} had ${Math.round(bytes / 2 ** 20)} MiB`))
  if (after.redisBytes > maxRedisBytes)
    findings.push(finding('bounds', `Redis at rest holds ${after.redisBytes} bytes`))
  for (const [role, lines] of Object.entries(after.logLines)) {
    const logged = lines - (before.logLines[role] ?? 0)
    if (logged > linesAMinute * minutes + linesADocument * documents)
      findings.push(
        finding('bounds', `${role} logged ${logged} lines in ${minutes.toFixed(1)} min`),
      )
  }
  return findings
}

const countLines = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1
