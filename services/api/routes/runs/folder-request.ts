import { newRunId } from '../../../../shared/contract/ids.ts'
import { parseMaxFailures } from '../../../../shared/contract/max-failures.ts'
import type { FolderRequest } from '../../../../shared/contract/messages/run-request.ts'
import { canonicalRecipe, defaultRecipe } from '../../../../shared/contract/recipe.ts'
import { defaultFormats, formats } from '../../../../shared/contract/result/formats.ts'
import { checkRecipe, checkGlobs, checkLabels } from '../../intake/check-options.ts'
import type { RunBody } from '../../schemas/options.ts'
import { findOutput, findPlace } from '../../state/roots.ts'
import type { Context } from '../context.ts'

/** Converts a request body to the request that the aggregator executes. Throws `invalid_request`, and the errors of `findPlace`. */
export function toFolderRequest(
  { config, roots }: Context,
  body: RunBody,
  requestId: string,
  caller: string,
): FolderRequest {
  checkGlobs({ include: body.include, exclude: body.exclude })
  const { folder, input, path } = findPlace(roots, body.root, body.path ?? '')
  return {
    runId: newRunId(),
    root: folder,
    inputs: [input],
    pathsInRedis: false,
    out: findOutput(config, body.root, path),
    include: body.include ?? [],
    exclude: body.exclude ?? [],
    includeHidden: body.includeHidden ?? false,
    follow: false,
    formats: formats.filter((format) => (body.formats ?? defaultFormats).includes(format)),
    combined: body.combined ?? false,
    recipe: canonicalRecipe(checkRecipe({ ...defaultRecipe, ...body.recipe })),
    attempts: body.attempts ?? 3,
    timeoutMs: body.timeoutMs ?? 0,
    // Omitted at its default, because an older aggregator rejects unknown fields.
    ...(body.onExists !== undefined && body.onExists !== 'fail' && { onExists: body.onExists }),
    force: body.force ?? false,
    retryFailed: body.retryFailed ?? false,
    ...(body.retryWarned === true && { retryWarned: true }),
    checksum: body.checksum ?? false,
    dryRun: false,
    ...failureOptions(body),
    ...(body.pdfPassword !== undefined && { hasPdfPassword: true }),
    requestedBy: caller,
    source: 'folder',
    priority: body.priority ?? 'bulk',
    labels: checkLabels({ tag: body.tag ?? null, metadata: body.metadata ?? {} }),
    requestId,
  }
}

function failureOptions({
  maxFailures,
  canary = 0,
  pauseAfterCanary = false,
}: RunBody): Pick<FolderRequest, 'maxFailures' | 'canary' | 'pauseAfterCanary'> {
  const limit = maxFailures === undefined ? undefined : parseMaxFailures(maxFailures)
  return {
    ...(limit !== undefined && { maxFailures: limit }),
    ...(canary > 0 && { canary, ...(pauseAfterCanary && { pauseAfterCanary }) }),
  }
}
