import type { EngineIdentities } from '../../shared/engine-identity.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { requireWritable } from '../../shared/folder-access.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import { newProgress, type Progress, type RunRequest } from '../../shared/messages.ts'
import { canonicalRecipe, fingerprintOf } from '../../shared/recipe.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  identities: EngineIdentities
  /** Ends whatever run is writing to this output folder. */
  supersede: (out: string) => Promise<void>
  go: (run: Run) => void
}

const pathsAtATime = 5_000

/**
 * Turns a request into a run: fingerprint, ledger, planner. Idempotent, because a command may be delivered twice.
 * A request that cannot be met is answered through the run's progress, with the reason.
 */
export function createRunStarter(deps: Deps) {
  const { ledger, redis, keys } = deps
  return async (given: RunRequest): Promise<void> => {
    if (ledger.runs.get(given.runId) !== undefined) return
    try {
      const recipe = canonicalRecipe(given.recipe)
      const fingerprint = fingerprintOf(recipe, await deps.identities(recipe))
      const request = { ...given, recipe }
      if (!request.dryRun) requireWritable('--out', request.out, 'output_unwritable')
      if (request.dryRun) {
        const inputs = request.pathsInRedis ? await allPaths(deps, request.runId) : request.inputs
        return deps.go(toRun({ ...request, inputs, pathsInRedis: false }, fingerprint))
      }
      await deps.supersede(request.out)
      await enter(deps, request, fingerprint)
      deps.go(toRun(request, fingerprint))
    } catch (thrown) {
      await redis.set(
        keys.progress(given.runId),
        JSON.stringify(refused(given.runId, thrown)),
        'EX',
        ttl.finishedRun,
      )
    }
  }
}

/** The list of paths moves into the ledger with the run: Redis may be wiped from here on. */
async function enter(deps: Deps, request: RunRequest, fingerprint: string): Promise<void> {
  const { ledger, redis, keys } = deps
  const paths = request.pathsInRedis ? await allPaths(deps, request.runId) : []
  ledger.transaction(() => {
    for (const left of ledger.runs.active()) {
      if (left.request.out === request.out) ledger.runs.end(left.id, 'interrupted', null)
    }
    ledger.runs.add(request, fingerprint)
    ledger.runs.addPaths(request.runId, paths)
  })
  await redis.del(keys.paths(request.runId))
}

async function allPaths({ redis, keys }: Deps, runId: string): Promise<string[]> {
  const paths: string[] = []
  for (;;) {
    const key = keys.paths(runId)
    const slice = await redis.lrange(key, paths.length, paths.length + pathsAtATime - 1)
    if (slice.length === 0) return paths
    for (const path of slice) paths.push(path)
  }
}

const toRun = (request: RunRequest, fingerprint: string): Run => ({
  id: request.runId,
  request,
  fingerprint,
  state: 'active',
  startedAt: new Date().toISOString(),
  finishedAt: null,
  report: null,
})

function refused(runId: string, thrown: unknown): Progress {
  const code = thrown instanceof ScriptoriumError ? thrown.code : 'internal'
  const error = { code, message: toError(thrown).message }
  return { ...newProgress(runId, new Date().toISOString()), state: 'refused', error }
}
