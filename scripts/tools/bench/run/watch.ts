import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { addressFile } from '../../../../services/embedded/stack.ts'
import { stateFolder } from '../../../../services/outputs/files/output-files.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { heartbeatSchema, type Heartbeat } from '../../../../shared/redis/heartbeats.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { connectPromptly, type Redis } from '../../../../shared/redis/connection/redis.ts'
import { findProcesses, type ProcessRole } from '../../common/processes.ts'

interface Options {
  workspace: string
  out: string
  everyMs: number
  /** Called with every heartbeat of a worker. */
  onHeartbeat?: (heartbeat: Heartbeat) => void
}

/** Resources that a run used; memory in bytes. */
export interface RunUsage {
  /** Peak resident memory of the largest process of a role. */
  resident: Map<ProcessRole, number>
  /** Processor time by role, seconds, up to the last measurement. */
  cpu: Map<ProcessRole, number>
  /** Redis's data and buffers (`used_memory_peak`). */
  redisUsed: number
}

const parseHeartbeat = createParser('a heartbeat', heartbeatSchema)
/** Embedded runs always use these keys. */
const keys = createKeys('scriptorium')

/** Measures the processes of an embedded run while `work` runs. */
export async function watchWhile<T>(
  options: Options,
  work: () => Promise<T>,
): Promise<{ value: T; usage: RunUsage }> {
  const usage: RunUsage = { resident: new Map(), cpu: new Map(), redisUsed: 0 }
  const cpuOfProcess = new Map<number, { role: ProcessRole; cpuSeconds: number }>()
  let redis: Redis | undefined
  const over = new AbortController()
  const look = async (): Promise<void> => {
    for (const { pid, role, peakBytes, cpuSeconds } of findProcesses(options.workspace)) {
      usage.resident.set(role, Math.max(peakBytes, usage.resident.get(role) ?? 0))
      cpuOfProcess.set(pid, { role, cpuSeconds })
    }
    redis ??= await connectTo(options.out)
    if (over.signal.aborted) redis?.disconnect()
    if (redis === undefined || over.signal.aborted) return
    const used = /^used_memory_peak:(\d+)/m.exec(await redis.info('memory'))?.[1]
    usage.redisUsed = Math.max(usage.redisUsed, Number(used ?? 0))
    if (options.onHeartbeat === undefined) return
    for (const heartbeat of await readHeartbeats(redis)) options.onHeartbeat(heartbeat)
  }
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await look().catch(() => undefined) // Redis ends with the run.
      await delay(options.everyMs)
    }
  }
  // Not awaited: a command that was sent while Redis was ending is never answered.
  void watch()
  try {
    const value = await work()
    for (const { role, cpuSeconds } of cpuOfProcess.values()) {
      usage.cpu.set(role, cpuSeconds + (usage.cpu.get(role) ?? 0))
    }
    return { value, usage }
  } finally {
    over.abort()
    redis?.disconnect()
  }
}

async function connectTo(out: string): Promise<Redis | undefined> {
  const file = addressFile(stateFolder(out))
  return existsSync(file) ? connectPromptly(readFileSync(file, 'utf8')) : undefined
}

async function readHeartbeats(redis: Redis): Promise<Heartbeat[]> {
  const ids = await redis.zrange(keys.workers, '0', '-1')
  const texts = await Promise.all(ids.map((id) => redis.get(keys.worker(id))))
  return texts.flatMap((text) => (text === null ? [] : parseHeartbeat(JSON.parse(text))))
}
