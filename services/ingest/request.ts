import { hostname, userInfo } from 'node:os'
import { sendCommand } from '../../shared/commands.ts'
import { newRunId } from '../../shared/ids.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { RunRequest } from '../../shared/messages.ts'
import { canonicalRecipe } from '../../shared/recipe.ts'
import type { Redis } from '../../shared/redis.ts'
import type { IngestOptions } from './arguments.ts'
import type { Inputs } from './inputs.ts'

/** More paths than this travel in a Redis list instead of the request. */
const mostInRequest = 100
const pathsAtATime = 1_000

/** Builds the request that stands for a command line. */
export function buildRequest(
  options: IngestOptions,
  { root, paths }: Inputs,
  out: string,
): RunRequest {
  const { languages, psm, oem, dpi, preset, pages, pdfText, variable: variables } = options
  const pathsInRedis = paths.length > mostInRequest
  return {
    runId: newRunId(),
    root,
    inputs: pathsInRedis ? [] : paths,
    pathsInRedis,
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

/** Hands a run to the aggregator; the password of its PDFs, if it has one, goes another way. */
export async function submit(
  redis: Redis,
  keys: Keys,
  request: RunRequest,
  { paths, pdfPassword }: { paths: readonly string[]; pdfPassword: string | undefined },
): Promise<void> {
  if (pdfPassword !== undefined) {
    await redis.set(keys.secret(request.runId), pdfPassword, 'EX', ttl.secret)
  }
  if (request.pathsInRedis) {
    for (let index = 0; index < paths.length; index += pathsAtATime) {
      await redis.rpush(keys.paths(request.runId), ...paths.slice(index, index + pathsAtATime))
    }
  }
  await sendCommand(redis, keys, { kind: 'start', request })
}
