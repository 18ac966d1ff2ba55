import { hostname, userInfo } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { sendCommand } from '../../../shared/redis/commands.ts'
import { newRunId } from '../../../shared/contract/ids.ts'
import { ttl } from '../../../shared/redis/keys.ts'
import { defaultMaxFailures } from '../../../shared/contract/max-failures.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import { canonicalRecipe } from '../../../shared/contract/recipe.ts'
import type { IngestOptions } from './arguments.ts'
import type { Inputs } from './inputs.ts'
import { outHash, type RunServices } from './run-services.ts'

/** More paths than this travel in a Redis list instead of the request. */
const maxPathsInRequest = 100
const pathsAtATime = 1_000

/** Builds the request of a command line. */
export function buildRequest(
  options: IngestOptions,
  { root, paths }: Inputs,
  out: string,
): FolderRequest {
  const { languages, psm, oem, dpi, preset, pages, pdfText, variable: variables } = options
  const { maxFailures } = options
  const pathsInRedis = paths.length > maxPathsInRequest
  return {
    source: 'folder',
    runId: newRunId(),
    root,
    inputs: pathsInRedis ? [] : paths,
    pathsInRedis,
    ...(pathsInRedis && { pathCount: paths.length }),
    out,
    include: options.include,
    exclude: options.exclude,
    includeHidden: options.includeHidden,
    follow: options.follow,
    formats: options.formats,
    combined: options.combined,
    recipe: canonicalRecipe({
      languages,
      psm,
      oem,
      dpi,
      preset,
      pages,
      pdfText,
      variables,
    }),
    attempts: options.attempts,
    timeoutMs: options.timeout,
    force: options.force,
    retryFailed: options.retryFailed,
    checksum: options.checksum,
    dryRun: options.dryRun,
    // Defaults are omitted, because an older aggregator rejects unknown fields.
    ...(options.retryWarned && { retryWarned: true }),
    ...(options.onExists !== 'fail' && { onExists: options.onExists }),
    ...(!isDeepStrictEqual(maxFailures, defaultMaxFailures) && { maxFailures }),
    ...(options.canary > 0 && { canary: options.canary }),
    ...(options.pdfPassword !== undefined && { hasPdfPassword: true }),
    requestedBy: `${userName()}@${hostname()} (process ${process.pid})`,
  }
}

/** In a container the user may be a number without a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

/**
 * Hands a run to the aggregator; the password of its PDFs, if it has one, goes another way. It may be handed over again:
 * the aggregator knows it by its id. Returns the command's id.
 */
export async function submit(
  { redis, keys, pdfPasswords }: Pick<RunServices, 'redis' | 'keys' | 'pdfPasswords'>,
  request: FolderRequest,
  { paths, pdfPassword }: { paths: readonly string[]; pdfPassword: string | undefined },
): Promise<string> {
  const { runId, out, pathsInRedis } = request
  await redis.set(keys.latestRun(outHash(out)), runId)
  if (pdfPassword !== undefined) await pdfPasswords.keep(runId, pdfPassword)
  if (pathsInRedis) {
    await redis.del(keys.paths(runId))
    for (let index = 0; index < paths.length; index += pathsAtATime) {
      await redis.rpush(keys.paths(runId), ...paths.slice(index, index + pathsAtATime))
    }
    await redis.expire(keys.paths(runId), ttl.paths)
  }
  return sendCommand(redis, keys, { kind: 'start', request })
}
