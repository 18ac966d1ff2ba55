import { faultOfPageList } from '../../../shared/contract/page-list.ts'
import { compileGlobs, GlobFault } from '../../../shared/glob/globs.ts'
import { faultOfLabels, type Labels } from '../../../shared/contract/messages/run-request.ts'
import { faultOfVariables, safeVariables, type Recipe } from '../../../shared/contract/recipe.ts'
import { InvalidRequest } from '../http/problem.ts'

/** Refuses engine variables that may not be set, and pages that run backwards; the rest is checked by the schema. */
export function checkRecipe(recipe: Recipe): Recipe {
  const faults = Object.keys(recipe.variables)
    .filter((name) => !safeVariables.has(name))
    .map((name) => ({
      path: `/recipe/variables/${name}`,
      message: `is not an allowed variable; allowed are ${[...safeVariables].join(', ')}`,
    }))
  const tooMuch = faultOfVariables(recipe.variables)
  if (tooMuch !== undefined) faults.push({ path: '/recipe/variables', message: tooMuch })
  const fault = faultOfPageList(recipe.pages)
  if (fault !== undefined) faults.push({ path: '/recipe/pages', message: fault })
  if (faults.length === 0) return recipe
  throw new InvalidRequest('invalid_request', faults)
}

/** Refuses metadata that is too much altogether. */
export function checkLabels(labels: Labels): Labels {
  const message = faultOfLabels(labels)
  if (message === undefined) return labels
  throw new InvalidRequest('invalid_request', [{ path: '/metadata', message }])
}

/** Refuses patterns that cannot be matched within bounds. */
export function checkGlobs(
  lists: Record<'include' | 'exclude', readonly string[] | undefined>,
): void {
  for (const list of ['include', 'exclude'] as const) {
    try {
      compileGlobs(lists[list] ?? [])
    } catch (thrown) {
      if (!(thrown instanceof GlobFault)) throw thrown
      const path = `/${list}/${thrown.index}`
      throw new InvalidRequest('invalid_request', [{ path, message: thrown.reason }])
    }
  }
}
