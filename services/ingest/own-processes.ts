import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { takeLock, type Holder } from '../../shared/file-lock.ts'
import { createKeys } from '../../shared/keys.ts'
import { ledgerFile } from '../aggregator/ledger/ledger.ts'
import { stateFolder } from '../aggregator/outputs/files.ts'
import { forget, lastFatal, redisFolder, startStack } from '../embedded/stack.ts'
import type { IngestOptions } from './arguments.ts'
import { outHash } from './joined-services.ts'
import type { Place } from './place.ts'

const prefix = 'scriptorium'
const drainMs = 30_000

/**
 * Starts Redis, the aggregator and, once there is work, the fleet, for one output folder.
 * Throws `output_held` where another ingest has it, `output_unwritable`, `redis_missing`.
 */
export async function startOwnProcesses(
  out: string,
  options: IngestOptions,
  environment: NodeJS.ProcessEnv,
  runId: string,
): Promise<Place> {
  const state = stateFolder(out)
  // A dry run leaves no trace: it looks at the ledger that is there, and at none where there is none.
  const scratch = options.dryRun ? mkdtempSync(join(tmpdir(), 'scriptorium-dry-')) : undefined
  const dataFolder = scratch !== undefined && !existsSync(state) ? scratch : state
  const isFirst = !existsSync(ledgerFile(dataFolder))
  makeFolder(dataFolder)
  const lock = takeLock(join(dataFolder, 'run.lock'))
  if ('holder' in lock) throw held(out, lock.holder)
  let failure: Error | undefined
  const stack = await startStack({
    dataFolder,
    stateFolder: scratch ?? state,
    environment: childEnvironment(options, environment),
    prefix,
    drainMs,
    // A first run surely has something to read; a later one may have nothing.
    withFleet: isFirst && !options.dryRun,
    onGivenUp(what, exitCode) {
      const reason = lastFatal(scratch ?? state)
      const code =
        exitCode === 3 ? 'redis_unreachable' : exitCode === 9 ? 'configuration' : 'internal'
      failure ??= new ScriptoriumError(code, reason ?? what)
    },
  }).catch((thrown: unknown) => {
    lock.release()
    throw thrown
  })
  const keys = createKeys(prefix)
  // The password of a run that was killed is not to outlive it, in Redis or in Redis's file.
  if ((await forget(stack.redis, keys.secret('*'))) > 0) await stack.redis.bgrewriteaof()
  return {
    redis: stack.redis,
    keys,
    failure: () => failure,
    async begin() {
      await stack.redis.set(keys.latestRun(outHash(out)), runId)
      stack.startAggregator()
    },
    needWorkers: () => stack.startFleet(),
    quieten: () => stack.stopFleet(),
    async close() {
      await stack.close()
      // Redis has written down what it was told. All that is to last is in the ledger.
      if (options.pdfPassword !== undefined)
        rmSync(redisFolder(state), { recursive: true, force: true })
      lock.release()
      if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
    },
  }
}

function childEnvironment(
  options: IngestOptions,
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const env = {
    ...environment,
    SCRIPTORIUM_PREFIX: prefix,
    // It reaches workers through Redis; a child's environment can be read by others.
    SCRIPTORIUM_PDF_PASSWORD: undefined,
    SCRIPTORIUM_SEARCH: 'off',
    SCRIPTORIUM_LANGUAGES: options.languages.join('+'),
    SCRIPTORIUM_DRAIN_MS: String(drainMs),
  }
  return options.workers === undefined
    ? env
    : { ...env, SCRIPTORIUM_WORKERS: String(options.workers) }
}

/** Node's own `recursive` never returns where the system refuses a folder with ENOENT, as /proc does. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return
  makeFolders(dirname(folder))
  mkdirSync(folder)
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder)
    accessSync(folder, constants.W_OK)
  } catch (thrown) {
    throw new ScriptoriumError(
      'output_unwritable',
      `${folder} cannot be written to: ${toError(thrown).message}; choose another --out or give write permission`,
      { cause: thrown },
    )
  }
}

function held(out: string, holder: Holder | undefined): ScriptoriumError {
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  return new ScriptoriumError(
    'output_held',
    `${out} is being written by another ingest (${who}); 'npm run status -- ${out}' tells how far it is`,
  )
}
