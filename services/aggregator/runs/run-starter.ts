import { explain } from '../../../shared/process/causes.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { requireWritable } from '../../../shared/files/folder-access.ts'
import { compileGlobs } from '../../../shared/glob/globs.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { newProgress, type Progress } from '../../../shared/contract/messages/progress.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import { faultOfPageList } from '../../../shared/contract/page-list.ts'
import { canonicalRecipe, fingerprintOf } from '../../../shared/contract/recipe.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { isRedisTrouble } from '../../../shared/redis/connection/redis-trouble.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { createOutputNames } from '../../outputs/files/output-names.ts'
import type { RunEnds } from './run-ends.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  identities: EngineIdentities
  /** Whether the run with this id is active. */
  isActive: (runId: string) => boolean
  ends: Pick<RunEnds, 'tell'>
  /** Called where files and formats that were set aside must be retried. */
  tryAgain?: () => void
  /** Ends any run that is writing to this output folder. */
  supersede: (out: string) => Promise<void>
  begin: (run: FolderRun) => void
  log: Logger
}

const pathsAtATime = 5_000

/**
 * Turns a request into a run: fingerprint, ledger, planner. Idempotent, because a command may be delivered twice. An
 * invalid request is answered through the run's progress, with the reason.
 */
export function createRunStarter(deps: Deps) {
  const { ledger, redis, keys, log } = deps
  return async (given: FolderRequest): Promise<void> => {
    const { runId } = given
    if (deps.isActive(runId)) return
    if (ledger.runs.get(runId) !== undefined) {
      // A client that asks again has missed its end, or Redis has lost it.
      await deps.ends.tell(runId)
      await redis.del(keys.paths(runId))
      return
    }
    try {
      const fault = faultOfPageList(given.recipe.pages)
      if (fault !== undefined) throw new ScriptoriumError('bad_arguments', `--pages ${fault}`)
      for (const globs of [given.include, given.exclude]) compileGlobs(globs)
      const recipe = canonicalRecipe(given.recipe)
      const fingerprint = fingerprintOf(recipe, await deps.identities(recipe))
      const request = { ...given, recipe }
      if (!request.dryRun) requireWritable('--out', request.out, 'output_unwritable')
      const paths = request.pathsInRedis ? await allPaths(deps, request) : []
      if (request.dryRun) {
        if (request.combined)
          createOutputNames(ledger, request).admitCombined(request.formats, false)
        const inputs = request.pathsInRedis ? paths : request.inputs
        return deps.begin(toRun({ ...request, inputs, pathsInRedis: false }, fingerprint))
      }
      await deps.supersede(request.out)
      if (request.retryFailed || request.force) deps.tryAgain?.()
      await enter(deps, request, fingerprint, paths)
      deps.begin(toRun(request, fingerprint))
    } catch (thrown) {
      if (thrown instanceof PathsMissing) {
        log.warn({ runId }, 'Redis lacks paths of the run, its client submits it again')
        return
      }
      if (isRedisTrouble(thrown)) throw thrown // Not the request's fault: the command is handled again.
      await refuseRun(redis, keys, runId, thrown)
    }
  }
}

/** Tells the client that waits for a run why it does not begin. */
export async function refuseRun(
  redis: Redis,
  keys: Keys,
  runId: string,
  why: unknown,
): Promise<void> {
  const progress = JSON.stringify(refused(runId, why))
  await redis.set(keys.progress(runId), progress, 'EX', ttl.finishedRun)
}

/** The list of paths moves into the ledger with the run: Redis may be wiped from here on. */
async function enter(
  { ledger, redis, keys }: Deps,
  request: FolderRequest,
  fingerprint: string,
  paths: readonly string[],
): Promise<void> {
  ledger.transaction(() => {
    if (request.combined) createOutputNames(ledger, request).admitCombined(request.formats, true)
    ledger.runs.supersedePaused(request.out)
    ledger.runs.add(request, fingerprint)
    ledger.runs.addPaths(request.runId, paths)
  })
  await redis.del(keys.paths(request.runId))
}

/**
 * Throws `PathsMissing` where Redis lacks part of the list: Redis was wiped, or the client is sending the list again.
 */
async function allPaths(
  { redis, keys }: Deps,
  { runId, pathCount }: FolderRequest,
): Promise<string[]> {
  const key = keys.paths(runId)
  const paths: string[] = []
  for (;;) {
    const slice = await redis.lrange(key, paths.length, paths.length + pathsAtATime - 1)
    if (slice.length === 0) break
    for (const path of slice) paths.push(path)
  }
  if (paths.length === 0 || (pathCount !== undefined && paths.length !== pathCount)) {
    throw new PathsMissing()
  }
  return paths
}

class PathsMissing extends Error {}

const toRun = (request: FolderRequest, fingerprint: string): FolderRun => ({
  id: request.runId,
  request,
  fingerprint,
  state: 'active',
  startedAt: new Date().toISOString(),
  finishedAt: null,
  report: null,
})

function refused(runId: string, thrown: unknown): Progress {
  const { code, message } = explain(thrown)
  const error = { code, message }
  return { ...newProgress(runId, new Date().toISOString()), state: 'refused', error }
}
