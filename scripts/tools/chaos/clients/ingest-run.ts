import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { exitCodes } from '../../../../shared/process/errors.ts'
import { checkFolderOutputs } from '../corpus/outputs.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'
import type { History } from '../history/history.ts'
import { createLedgerLook, isFailed } from '../world/ledger.ts'
import { startProcess, type Exit, type Started } from '../world/process.ts'
import type { World } from '../world/world.ts'
import type { Folder } from '../corpus/folder.ts'
import type { ClientRun } from './run.ts'

const pauseMs = 1_000
/** Exit codes other than 0 that a user would tolerate after all faults have healed. */
const maxRetries = 5

/**
 * Reads a folder with `ingest`, with the shared services or with its own processes, and repeats the same command
 * until it exits with 0. Each exit code is a promise, and is checked immediately against outputs and ledger.
 */
export function startIngestRun(
  world: World,
  folder: Folder,
  kind: 'ingest' | 'own ingest',
  history: History,
  over: AbortSignal,
): ClientRun {
  const data = kind === 'ingest' ? world.folders.data : join(folder.out, '.scriptorium')
  const ledger = createLedgerLook(data)
  const findings: ChaosFinding[] = []
  let current: Started | undefined
  let isDone = false
  let isHealed = false
  let wasStruck = false
  let ends = 0
  let retries = 0

  const once = async (): Promise<Exit> => {
    wasStruck = false
    const log = logOf(world, folder)
    const before = existsSync(log) ? statSync(log).size : 0
    current = startIngest(world, folder, kind)
    const exit = await current.ended
    const reason = reasonIn(readFileSync(log).subarray(before).toString())
    ends += 1
    const ended = exit.code === 0 ? 'ok' : 'info'
    history.operation(kind, folder.name, ended, { ...exit, reason })
    const wrong = judge(
      { ...exit, reason },
      wasStruck,
      folder,
      ledger.of(folder.out).filter(isFailed).length,
    )
    if (wrong !== undefined) findings.push(finding('exits', `${kind} ${folder.name}: ${wrong}`))
    return exit
  }
  const repeat = async (): Promise<void> => {
    while (!over.aborted) {
      const { code } = await once()
      if (code === exitCodes.done) break
      if (isHealed) retries += 1
      if (retries > maxRetries) {
        findings.push(finding('exits', `${kind} ${folder.name} ends with ${code} for ever`))
        break
      }
      await delay(pauseMs)
    }
    isDone = true
  }
  return {
    kind,
    folder,
    data,
    findings,
    steps: () => ends + (kind === 'own ingest' ? ledger.final() : 0),
    isDone: () => isDone,
    done: repeat(),
    process: () => (current?.isRunning() === true ? current : undefined),
    struck: () => void (wasStruck = true),
    healed: () => void (isHealed = true),
  }
}

/** Starts the command. */
export function startIngest(world: World, folder: Folder, kind: 'ingest' | 'own ingest'): Started {
  const { input, out } = folder
  const { setting, environment } = world
  const isOwn = kind === 'own ingest'
  return startProcess({
    program: setting.node,
    arguments: [
      join(setting.repository, 'scripts/scriptorium.js'),
      'ingest',
      input,
      '--out',
      out,
      ...(isOwn ? ['--workers', '1'] : []),
    ],
    folder: setting.repository,
    environment: isOwn ? setting.environment : environment,
    log: logOf(world, folder),
  })
}

const logOf = ({ folders }: World, { name }: Folder): string => join(folders.log, `${name}.log`)

/** Its own reason for its exit; empty where it gave none. */
const reasonIn = (said: string): string => /^ingest: (.*)$/m.exec(said)?.[1] ?? ''

/** Faults of the environment in which no run can work. */
const truths = /disk is full|out of memory/

/** The contradiction in an exit, or undefined where it is correct. */
function judge(
  { code, signal, reason }: Exit & { reason: string },
  wasStruck: boolean,
  folder: Folder,
  failed: number,
): string | undefined {
  if (code === exitCodes.done) {
    const wrong = checkFolderOutputs(folder)
    const [first] = wrong
    if (first === undefined) return undefined
    return `ended with 0, but ${wrong.length} of ${folder.expected.size}: ${first.about}`
  }
  const isFailure = code === exitCodes.someFailed || code === exitCodes.allFailed
  const wasTouched = [...folder.expected.values()].some(({ mayFail }) => mayFail)
  if (isFailure) {
    return failed > 0 || wasTouched ? undefined : `ended with ${code}, but nothing has failed`
  }
  if (code === exitCodes.redisUnreachable || code === exitCodes.configuration) return undefined
  if (wasStruck || truths.test(reason)) return undefined
  return `ended with ${code ?? signal} unasked: ${reason}`
}
