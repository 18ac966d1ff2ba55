import { accessSync, constants, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { takeLock, type Holder } from '../../../shared/files/file-lock.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { closedNow, takePrivateFolder } from '../../../shared/files/private-files.ts'
import { createPdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import { makeTemporaryFolder } from '../../../shared/files/temporary-folder.ts'
import { ledgerFile } from '../../ledger/ledger.ts'
import { stateFolder } from '../../outputs/files/output-files.ts'
import { logFileOf } from '../../embedded/log-file.ts'
import { forget, redisFolder, startStack } from '../../embedded/stack.ts'
import type { IngestOptions } from './arguments.ts'
import type { RunServices } from './run-services.ts'

/** Held by the ingest that writes to an output folder, in its state folder. */
export const runLock = 'run.lock'
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
  onTrouble: (line: string) => void,
): Promise<RunServices> {
  const state = stateFolder(out)
  // A dry run leaves no trace: it reads an existing ledger, and creates none.
  const scratch = options.dryRun ? makeTemporaryFolder('dry') : undefined
  const dataFolder = scratch !== undefined && !existsSync(state) ? scratch.path : state
  const isFirst = !existsSync(ledgerFile(dataFolder))
  makeFolder(dataFolder, onTrouble)
  const lock = takeLock(join(dataFolder, runLock))
  if ('holder' in lock) {
    scratch?.remove()
    throw held(out, lock.holder)
  }
  const letGo = (): void => {
    lock.release()
    scratch?.remove()
  }
  const visible = scratch?.path ?? state
  let failure: Error | undefined
  const stack = await startStack({
    dataFolder,
    stateFolder: visible,
    environment: childEnvironment(options, environment),
    prefix,
    drainMs,
    // A first run surely has something to read; a later one may have nothing.
    withFleet: isFirst && !options.dryRun,
    onMisconfigured: (reason) => (failure ??= new ScriptoriumError('configuration', reason)),
    onTrouble,
  }).catch((thrown: unknown) => {
    letGo()
    throw thrown
  })
  const keys = createKeys(prefix)
  // The password of a killed run must not outlive it, in Redis or in Redis's file.
  if ((await forget(stack.redis, keys.secret('*'))) > 0) await stack.redis.bgrewriteaof()
  return {
    redis: stack.redis,
    keys,
    pdfPasswords: createPdfPasswords(stack.redis, keys, stack.settings),
    failure: () => failure,
    where: `the aggregator (its log: ${logFileOf(visible)})`,
    begin: () => stack.startAggregator(),
    needWorkers: () => stack.startFleet(),
    quieten: () => stack.stopFleet(),
    async close() {
      await stack.close()
      // Redis has persisted its data. Everything durable is in the ledger.
      if (options.pdfPassword !== undefined)
        rmSync(redisFolder(state), { recursive: true, force: true })
      letGo()
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

function makeFolder(folder: string, tell: (line: string) => void): void {
  try {
    if (takePrivateFolder(folder).isTightened) tell(closedNow(folder))
    accessSync(folder, constants.W_OK)
  } catch (thrown) {
    throw new ScriptoriumError(
      'output_unwritable',
      `${folder} is not writable: ${toError(thrown).message}; choose another --out, or grant write permission`,
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
    `${out} is in use by another ingest (${who}); 'npx scriptorium status ${out}' shows its progress`,
  )
}
